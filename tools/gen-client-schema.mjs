/**
 * libs/client/src/generated/schema.ts: the wire format of `writ.v1` as data, so that the client reads no file when it
 * starts and can be packed without `proto/`.
 */
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';

const protoFolder = fileURLToPath(new URL('../proto/', import.meta.url));

export async function generate() {
  const root = new protobuf.Root();
  const resolvePath = root.resolvePath.bind(root);
  root.resolvePath = (origin, target) =>
    target.startsWith('writ/') ? `${protoFolder}${target}` : resolvePath(origin, target);
  root.loadSync(['writ/v1/executions.proto', 'writ/v1/policies.proto', 'writ/v1/lineage.proto', 'writ/v1/keys.proto']);
  root.resolveAll();
  const text = [
    '// Generated from proto/writ/v1 by tools/gen-client-schema.mjs; `npm run gen` writes it.',
    `export const SCHEMA: object = ${JSON.stringify(root.toJSON(), null, 2)};`,
    '',
  ].join('\n');
  return [{ path: 'libs/client/src/generated/schema.ts', text }];
}
