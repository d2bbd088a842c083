import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './scratch.js';

const DOUBLE = 'test/eventstore/double';
/** What speaks and reads the protocol, and nothing that is ours. */
const ALLOWED =
  /^(\.\/[a-z-]+\.js|node:[a-z]+|@grpc\/grpc-js|google-protobuf(\/.+)?|@eventstore\/db-client\/generated\/.+)$/;

const sourcesIn = (folder: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.(c|m)?[jt]s$/.test(file) && !/(^|\/)(dist|node_modules)\//.test(file))
    .map((file) => join(folder, file));

const importsIn = (file: string): readonly string[] =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*|\brequire\(\s*)'([^']+)'/g)].map(
    ([, specifier = '']) => specifier,
  );

describe('the test double of EventStoreDB', () => {
  it('imports nothing of the driver or of any other product code', () => {
    const files = sourcesIn(DOUBLE);
    expect(files.length).toBeGreaterThan(10);
    const foreign = files.flatMap((file) =>
      importsIn(file)
        .filter((specifier) => !ALLOWED.test(specifier))
        .map((specifier) => `${file}: ${specifier}`),
    );
    expect(foreign).toStrictEqual([]);
  });

  it('is not within reach of the product', () => {
    const product = ['libs', 'apps', 'tools', 'examples'].flatMap(sourcesIn);
    const named = product.filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('eventstore/double'));
    expect(named).toStrictEqual([]);
    // Not in the image either: what is built there has no tests.
    expect(readFileSync(join(ROOT, '.dockerignore'), 'utf8').split('\n')).toContain('test');
  });
});
