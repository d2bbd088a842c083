import { readFileSync } from 'node:fs';

import { ServerCredentials } from '@grpc/grpc-js';
import { RejectedError } from '@writ/errors';
import type { Settings } from '@writ/instance';

/** PEM texts of the server's certificate and key, and of who may sign clients' certificates. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa?: Buffer;
}

/** Reads what the settings name. Throws CONFIGURATION_INVALID naming the variable whose file cannot be read. */
export function readTlsFiles(tls: Settings['tls']): TlsFiles | undefined {
  if (tls === undefined) return undefined;
  const { clientCaFile } = tls;
  return {
    cert: readPem('WRIT_TLS_CERT_FILE', tls.certFile),
    key: readPem('WRIT_TLS_KEY_FILE', tls.keyFile),
    ...(clientCaFile === undefined ? {} : { clientCa: readPem('WRIT_TLS_CLIENT_CA_FILE', clientCaFile) }),
  };
}

export function grpcCredentials(tls: TlsFiles | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { cert_chain: tls.cert, private_key: tls.key };
  return ServerCredentials.createSsl(tls.clientCa ?? null, [pair], tls.clientCa !== undefined);
}

function readPem(variable: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const problems = [{ variable, value: path, wants: 'a file that can be read' }];
    throw new RejectedError('CONFIGURATION_INVALID', `\`${variable}\` cannot be read`, { problems }, { cause });
  }
}
