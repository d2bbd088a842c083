/** One project per suite: `npm run test:unit` and friends select by name. Node < 24.9 cannot require ESM inside Jest, so swc turns our sources and the ESM-only packages into CommonJS. */
const esmOnly = [
  '@nestjs',
  '@noble',
  '@bufbuild',
  'uuidv7',
  'file-type',
  'cookie',
  'content-disposition',
  'uint8array-extras',
  'token-types',
  'strtok3',
  '@standard-schema',
  'load-esm',
  '@fastify',
  'light-my-request',
  'canonicalize',
  'tiny-secp256k1',
  'uint8array-tools',
  '@photostructure',
  '@borewit',
  '@tokenizer',
];
const transform = {
  '\\.tsx?$': [
    '@swc/jest',
    {
      jsc: {
        target: 'es2022',
        parser: { syntax: 'typescript', decorators: true },
        transform: { legacyDecorator: true, decoratorMetadata: true },
        keepClassNames: true,
      },
      module: { type: 'commonjs', ignoreDynamic: false },
    },
  ],
  '\\.m?js$': [
    '@swc/jest',
    { jsc: { target: 'es2022', parser: { syntax: 'ecmascript' } }, module: { type: 'commonjs', ignoreDynamic: false } },
  ],
};
const base = {
  testEnvironment: 'node',
  rootDir: __dirname,
  moduleNameMapper: {
    // Exports no `require` condition; it is the oracle of the encoding tests.
    '^canonicalize$': '<rootDir>/node_modules/canonicalize/lib/canonicalize.js',
    '^(\\.{1,2}/.*)\\.js$': '$1',
    '^@writ/cli$': '<rootDir>/apps/cli/src/index.ts',
    '^@writ/witness$': '<rootDir>/apps/witness/src/index.ts',
    '^@writ/ledger-app$': '<rootDir>/apps/ledger/src/index.ts',
    '^@writ/event-store/contract$': '<rootDir>/libs/event-store/src/contract/event-store-contract.ts',
    '^@writ/([a-z-]+)$': '<rootDir>/libs/$1/src/index.ts',
  },
  modulePathIgnorePatterns: ['/dist/'],
  transform,
  transformIgnorePatterns: [`/node_modules/(?!(${esmOnly.join('|')})/)|/node_modules/.*/build/`],
};
const suite = (displayName, testMatch, testPathIgnorePatterns = []) => ({
  ...base,
  displayName,
  testMatch,
  testPathIgnorePatterns: ['/node_modules/', '/dist/', ...testPathIgnorePatterns],
});

module.exports = {
  projects: [
    suite(
      'unit',
      ['<rootDir>/{apps,libs}/**/src/**/*.spec.ts'],
      ['\\.property\\.spec\\.ts$', '\\.contract\\.spec\\.ts$'],
    ),
    suite('property', ['<rootDir>/{apps,libs}/**/src/**/*.property.spec.ts']),
    suite('contract', ['<rootDir>/{apps,libs}/**/src/**/*.contract.spec.ts']),
    suite('vectors', ['<rootDir>/test/vectors/**/*.spec.ts']),
    suite('golden', ['<rootDir>/test/golden/**/*.spec.ts']),
    suite('house', ['<rootDir>/test/house/**/*.spec.ts']),
    suite('e2e', ['<rootDir>/test/e2e/**/*.spec.ts']),
    suite('reader', ['<rootDir>/test/second-reader/**/*.spec.ts']),
    suite('browser', ['<rootDir>/test/browser/**/*.spec.ts']),
    suite('eventstore', ['<rootDir>/test/eventstore/**/*.spec.ts']),
    suite('fault', ['<rootDir>/test/fault/**/*.spec.ts']),
  ],
};
