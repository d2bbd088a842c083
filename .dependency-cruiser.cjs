/** The walls of design §9 that hold on the graph of files; `tools/boundaries.mjs` holds manifests and references. */
const house = require('./tools/house.json');

const inLib = (libs) => `^libs/(${libs.join('|')})/`;
/** Specs, and what only specs use. */
const spec = '\\.(spec|fixture)\\.ts$|/reference-[a-z-]+\\.ts$|^libs/event-store/src/contract/';
const layers = house.order;

/** A lib reaches only libs that stand above it in the list. */
const order = layers.slice(0, -1).map((layer, rank) => ({
  name: `order-${layer[0]}`,
  comment: 'Dependencies point one way along the list in tools/house.json.',
  severity: 'error',
  from: { path: inLib(layer) },
  to: { path: inLib(layers.slice(rank + 1).flat()) },
}));

const only = Object.entries(house.mayImportOnly).map(([lib, allowed]) => ({
  name: `only-${lib}`,
  comment: `${lib} knows nothing but ${allowed.join(', ')}.`,
  severity: 'error',
  from: { path: inLib([lib]), pathNot: spec },
  to: { path: '^(libs|apps)/', pathNot: inLib([lib, ...allowed]) },
}));

module.exports = {
  forbidden: [
    ...order,
    ...only,
    {
      name: 'no-cycles',
      comment: 'Types that know each other are fine; modules that need each other to load are not.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'libs-below-apps',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'app-below-cli',
      severity: 'error',
      from: { path: '^apps/ledger/' },
      to: { path: '^apps/(?!ledger/)' },
    },
    {
      name: 'pure-no-node',
      comment: 'The evidence path runs in a browser and cannot reach a disk, a network, a clock or a random source.',
      severity: 'error',
      from: { path: inLib(house.pure), pathNot: spec },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'nest-in-apps-only',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '(^|/)@nestjs/' },
    },
    {
      name: 'driver-in-instance-only',
      comment: 'Only the composition root, and tests, name a driver.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: `^libs/instance/|${inLib(house.drivers)}|${spec}` },
      to: { path: inLib(house.drivers) },
    },
    {
      name: 'declared-packages-only',
      comment:
        'A package comes from the manifest of the package that imports it, not from a neighbour that hoisted it.',
      severity: 'error',
      from: { path: '^(libs|apps)/', pathNot: spec },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown', 'npm-dev', 'npm-bundled'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-specs-in-source',
      severity: 'error',
      from: { pathNot: spec },
      to: { path: spec },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    combinedDependencies: false,
    tsConfig: { fileName: 'tsconfig.spec.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['types', 'import', 'node', 'default'] },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
  },
};
