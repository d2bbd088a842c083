import type { EventStoreConnection } from './connection.js';

/** Words of gRPC and OpenSSL that stand for one mistake each, and what to do about it. */
const ADVICE: readonly (readonly [RegExp, string])[] = [
  [/wrong version number/, 'the node does not speak TLS: say `tls=false`, or give it a certificate'],
  [
    /unable to verify|self.signed|unable to get (local )?issuer|unknown ca/i,
    'the certificate of the node is signed by nobody who is known here: name the authority with `tlsCAFile`',
  ],
  [/certificate has expired|not yet valid/i, 'the certificate of the node is not valid now'],
  [
    /does not match certificate|altnames/i,
    'the certificate of the node is for another name than the one it is called by',
  ],
  [/Name resolution failed|ENOTFOUND|EAI_AGAIN/, 'no node of that name can be found'],
  [/ECONNREFUSED/, 'nothing listens there'],
];

/** Why a store could not be opened, for whoever wrote the connection string; `message` is what was thrown last. */
export function openingAdvice(connection: EventStoreConnection, message: string): string {
  const nodes = connection.hosts.map(({ address, port }) => `\`${address}:${port}\``).join(', ');
  const known = ADVICE.find(([words]) => words.test(message))?.[1];
  if (known !== undefined) return `${nodes}: ${known}`;
  if (connection.discovery !== 'single')
    return `${nodes}: none of them tells who leads the cluster (${brief(message)})`;
  if (!connection.tls && /Failed to connect|ECONNRESET|socket hang up/.test(message)) {
    return `${nodes}: the connection is closed at once; does the node speak TLS only? (${brief(message)})`;
  }
  return `${nodes}: ${brief(message)}`;
}

/** One line, without what gRPC adds about itself. */
function brief(message: string): string {
  return message
    .replace(/\s*Resolution note:[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}
