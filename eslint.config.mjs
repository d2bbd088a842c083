import { readFileSync } from 'node:fs';
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

const house = JSON.parse(readFileSync(new URL('./tools/house.json', import.meta.url), 'utf8'));
const typescript = ['{libs,apps}/*/src/**/*.ts', '{test,bench,examples}/**/*.ts'];
/** Tests, and what only tests use. */
const specs = [
  '**/*.spec.ts',
  '**/*.fixture.ts',
  '**/reference-*.ts',
  'libs/*/src/contract/**/*.ts',
  '{test,bench}/**/*.ts',
];
const pure = house.pure.map((lib) => `libs/${lib}/src/**/*.ts`);

/** What the evidence path may not reach even where the compiler lets it: clock, randomness, I/O, evaluated code. */
const impureGlobals = [
  ...['performance', 'crypto', 'process', 'Buffer', 'require', 'module', 'Intl'],
  ...['fetch', 'XMLHttpRequest', 'WebSocket', 'navigator', 'window', 'self', 'globalThis'],
  ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'console', 'eval', 'Function'],
].map((name) => ({ name, message: 'Pure libs take time, ids, randomness and I/O as arguments.' }));

const impureProperties = [
  { object: 'Date', property: 'now', message: 'Pure libs take the time as an argument.' },
  { object: 'Math', property: 'random', message: 'Pure libs take random bytes as an argument.' },
  ...['randomBytes', 'randomSecretKey', 'randomPrivateKey'].map((property) => ({
    property,
    message: 'Pure libs take random bytes as an argument.',
  })),
];

const impureSyntax = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0]",
    message: 'Pure libs take the time as an argument.',
  },
  { selector: "CallExpression[callee.name='Date']", message: 'Pure libs take the time as an argument.' },
  {
    selector: 'VariableDeclarator > Identifier.init[name=/^(Date|Math)$/]',
    message: 'An alias would hide the clock or the dice.',
  },
  {
    selector: 'ImportExpression',
    message: 'Pure libs import statically, so that the graph shows all that they reach.',
  },
];

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '**/coverage/', '**/generated/', '.writ/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  js.configs.recommended,
  {
    files: typescript,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { project: ['./tsconfig.spec.json'], tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { requireDefaultForNonUnion: false, considerDefaultExhaustiveForUnions: true },
      ],
      '@typescript-eslint/triple-slash-reference': ['error', { lib: 'never', path: 'never', types: 'never' }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/restrict-plus-operands': ['error', { allowNumberAndString: true }],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Named exports only: an index says what the lib offers.' },
      ],
      // Code that reads stored or foreign bytes checks at run time what the types only claim.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      '@typescript-eslint/no-unnecessary-boolean-literal-compare': 'off',
      // Numbers and objects that cross a wire or a framework are checked where they arrive.
      '@typescript-eslint/no-unsafe-enum-comparison': 'off',
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Taste, not faults.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/no-unnecessary-template-expression': 'off',
      '@typescript-eslint/no-unnecessary-type-conversion': 'off',
      '@typescript-eslint/no-extraneous-class': 'off',
      // It does not see a constructor that narrows a parameter.
      '@typescript-eslint/no-useless-constructor': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/unified-signatures': 'off',
      'no-control-regex': 'off',
    },
  },
  {
    // Here the unions are our own: a default would hide the case that somebody adds later.
    files: ['libs/{errors,ledger,evidence,operations}/src/**/*.ts'],
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: false }],
    },
  },
  {
    files: pure,
    ignores: specs,
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals],
      'no-restricted-properties': ['error', ...impureProperties],
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportAllDeclaration', message: 'Named exports only: an index says what the lib offers.' },
        ...impureSyntax,
      ],
      'no-new-func': 'error',
    },
  },
  {
    files: specs,
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs,cjs}'],
    // These run on Node as they are; a name that does not exist shows at the first run.
    rules: { 'no-undef': 'off' },
  },
);
