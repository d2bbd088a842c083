import { parseKeyId } from '@writ/encoding';
import type { RevokeKeyRequest, RotateKeyRequest } from '@writ/operations';

import type { Message } from '../grpc/decode-message.js';
import { counterField, field } from '../grpc/read-field.js';
import type { Bits64 } from '../grpc/wire-reader.js';

/** Of the messages of writ.v1.KeyService; all throw RejectedError. */
export function readRotateKey({ replaces, next }: Message): RotateKeyRequest {
  return {
    ...(replaces === undefined ? {} : { replaces: field('replaces', () => parseKeyId(replaces)) }),
    ...(next === undefined ? {} : { next: field('next', () => parseKeyId(next)) }),
  };
}

export function readRevokeKey(message: Message): RevokeKeyRequest {
  const cutOff = message['cutOffIndex'] as Bits64 | undefined;
  return {
    keyId: field('key_id', () => parseKeyId(message['keyId'])),
    reason: message['reason'] as string,
    ...(cutOff === undefined ? {} : { cutOffIndex: counterField('cut_off_index', cutOff) }),
  };
}
