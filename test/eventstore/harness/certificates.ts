import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files of a certificate authority that lives as long as a test. */
export interface Certificates {
  /** What clients trust: the authority's own certificate. */
  readonly authorityFile: string;
  readonly trustedFolder: string;
  readonly nodeFile: string;
  readonly nodeKeyFile: string;
}

/** The name by which nodes of one cluster know each other. */
const NODE_NAME = 'eventstoredb-node';
const NODE_EXTENSIONS = [
  'basicConstraints=CA:FALSE',
  'keyUsage=digitalSignature,keyEncipherment',
  'extendedKeyUsage=serverAuth,clientAuth',
  'subjectAltName=IP:127.0.0.1,DNS:localhost',
];

/** Makes an authority and one certificate, good for every node on 127.0.0.1. */
export function makeCertificates(folder: string): Certificates {
  const trustedFolder = join(folder, 'trusted');
  mkdirSync(trustedFolder, { recursive: true });
  const authorityFile = join(trustedFolder, 'ca.crt');
  const authorityKey = join(folder, 'ca.key');
  const [nodeFile, nodeKeyFile, request] = ['node.crt', 'node.key', 'node.csr'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  const extensions = join(folder, 'node.ext');
  writeFileSync(extensions, NODE_EXTENSIONS.join('\n'));
  const newKey = ['req', '-newkey', 'rsa:2048', '-nodes'];
  const authority = ['-subj', '/CN=throw-away authority', '-addext', 'keyUsage=critical,keyCertSign,cRLSign'];
  openssl([...newKey, '-x509', '-days', '2', '-keyout', authorityKey, '-out', authorityFile, ...authority]);
  openssl([...newKey, '-keyout', nodeKeyFile, '-out', request, '-subj', `/CN=${NODE_NAME}`]);
  const signer = ['-CA', authorityFile, '-CAkey', authorityKey, '-CAcreateserial', '-days', '2'];
  openssl(['x509', '-req', '-in', request, '-out', nodeFile, '-extfile', extensions, ...signer]);
  return { authorityFile, trustedFolder, nodeFile, nodeKeyFile };
}

function openssl(args: readonly string[]): void {
  execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'] });
}
