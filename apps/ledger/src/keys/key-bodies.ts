import { parseKeyId } from '@writ/encoding';
import { z } from 'zod';

import { field } from '../grpc/read-field.js';
import { queryCounter, text } from '../http/fields.js';

const keyId = z
  .string()
  .meta({ description: '16 hex digits.' })
  .transform((value) => field('keyId', () => parseKeyId(value)));

/** Bodies of `/v1/keys…`; unknown names are refused. Also the source of the OpenAPI document. */
export const RotateKeyBody = z
  .strictObject({ replaces: keyId.optional(), next: keyId.optional() })
  .transform(({ replaces, next }) => ({
    ...(replaces === undefined ? {} : { replaces }),
    ...(next === undefined ? {} : { next }),
  }));

export const RevokeKeyBody = z
  .strictObject({ reason: text, cutOffIndex: queryCounter.optional() })
  .transform(({ reason, cutOffIndex }) => ({ reason, ...(cutOffIndex === undefined ? {} : { cutOffIndex }) }));
