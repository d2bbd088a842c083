/**
 * proto/descriptors.json: the file descriptors that gRPC reflection serves, as buf compiles them. (The ones that the
 * loader makes at run time lose field names and dependencies.) One base64 text for each `.proto` file.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import descriptor from 'protobufjs/ext/descriptor/index.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const INPUTS = ['.', 'node_modules/grpc-health-check/proto'];

export async function generate() {
  const files = new Map();
  for (const input of INPUTS) for (const [name, bytes] of compile(input)) files.set(name, bytes.toString('base64'));
  const text = JSON.stringify(Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1))), null, 2);
  return [{ path: 'proto/descriptors.json', text: `${text}\n` }];
}

function compile(input) {
  const folder = mkdtempSync(join(tmpdir(), 'writ-descriptors-'));
  try {
    const output = join(folder, 'set.binpb');
    const flags = ['--as-file-descriptor-set', '--exclude-source-info', '-o', output];
    execFileSync(process.execPath, [join(root, 'node_modules/@bufbuild/buf/bin/buf'), 'build', input, ...flags], {
      cwd: root,
    });
    const { file } = descriptor.FileDescriptorSet.decode(readFileSync(output));
    return file.map((one) => [one.name, Buffer.from(descriptor.FileDescriptorProto.encode(one).finish())]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
