// The layer table of ARCHITECTURE.md: a folder imports only folders of lower rows; folders of one row never import each other.
// scripts/canary.mjs plants violations and fails when these rules let one pass.

const LAYERS = [
  ['base'],
  ['config', 'filesystem'],
  ['journal', 'history', 'mirror', 'fuse'],
  ['transaction', 'resync'],
  ['mount'],
  ['appliance'],
  ['api', 'doctor'],
  ['service'],
  ['cli', 'demo'],
];
const FOLDERS = LAYERS.flat();

// Who may import a package, where that is not everybody. Test support may import anything.
const GUARDED_PACKAGES = {
  ssh2: ['mirror', 'demo'],
  'fuse-native': ['fuse'],
  lmdb: ['journal'],
  ignore: ['filesystem'],
  fastify: ['api'],
  '@fastify/[^/]+': ['api'],
  'socket\\.io': ['api'],
};

const TEST = '\\.test\\.tsx?$';
const under = (...folders) => `^server/(${folders.join('|')})/`;
const npm = (name) => `(^|/)node_modules/(@types/)?${name}(/|$)`;

function layerRules() {
  return LAYERS.flatMap((row, index) => {
    const lower = LAYERS.slice(0, index).flat();
    return row.flatMap((folder) => [
      {
        name: `layer-${folder}`,
        comment: `server/${folder} imports only itself, shared and: ${lower.join(', ') || 'nothing else'}`,
        severity: 'error',
        from: { path: under(folder), pathNot: TEST },
        to: { path: '^(server|web|scripts)/', pathNot: under(folder, ...lower) },
      },
      {
        name: `layer-${folder}-tests`,
        comment: `tests of server/${folder} may also import their own row and server/testing`,
        severity: 'error',
        from: { path: `${under(folder)}.*${TEST}` },
        to: { path: '^(server|web|scripts)/', pathNot: under(...row, ...lower, 'testing') },
      },
    ]);
  });
}

function packageRules() {
  return Object.entries(GUARDED_PACKAGES).map(([name, owners]) => ({
    name: `package-${name.replace(/\W+/g, '-').replace(/^-|-$/g, '')}`,
    comment: `only ${owners.map((owner) => `server/${owner}`).join(', ')} (and server/testing) may import ${name}`,
    severity: 'error',
    from: { path: '.', pathNot: under(...owners, 'testing') },
    to: { path: [npm(name), `^${name}(/|$)`] },
  }));
}

const serverRules = [
  {
    name: 'trees-only',
    comment: 'transaction and resync see FileTrees only, never the mirrors behind them',
    severity: 'error',
    from: { path: under('transaction', 'resync'), pathNot: TEST },
    to: { path: under('mirror') },
  },
  {
    name: 'layer-main',
    comment: 'main.cts wires the program together; the demo and test support are not part of it',
    severity: 'error',
    from: { path: '^server/main\\.cts$' },
    to: { path: ['^(web|scripts)/', under('demo', 'testing')] },
  },
  {
    name: 'nobody-imports-main',
    comment: 'only tests may import main.cts',
    severity: 'error',
    from: { path: '.', pathNot: [TEST, under('testing')] },
    to: { path: '^server/main\\.cts$' },
  },
  {
    name: 'unknown-folder-from',
    comment:
      'a new folder under server/ needs a row in the layer table; tests of the whole stand above all folders',
    severity: 'error',
    from: {
      path: '^server/',
      pathNot: [under(...FOLDERS, 'testing'), '^server/main\\.', `^server/[^/]+${TEST}`],
    },
    to: { path: '.' },
  },
  {
    name: 'unknown-folder-to',
    comment: 'a new folder under server/ needs a row in the layer table',
    severity: 'error',
    from: { path: '.' },
    to: { path: '^server/', pathNot: [under(...FOLDERS, 'testing'), '^server/main\\.cts$'] },
  },
  {
    name: 'testing-is-for-tests',
    comment: 'only tests, test support and scripts may import server/testing',
    severity: 'error',
    from: { path: '^(server|shared|web)/', pathNot: [TEST, under('testing')] },
    to: { path: under('testing') },
  },
  {
    name: 'nobody-imports-a-test',
    severity: 'error',
    from: { path: '.' },
    to: { path: TEST },
  },
  {
    name: 'no-development-package-at-run-time',
    comment: 'what runs from the published package must be a dependency, not a devDependency',
    severity: 'error',
    from: { path: '^(server|shared)/', pathNot: [TEST, under('testing')] },
    to: { dependencyTypes: ['npm-dev'], pathNot: '(^|/)node_modules/@types/' },
  },
];

const sharedRules = [
  {
    name: 'layer-shared',
    comment: 'shared imports zod only: it also runs in the browser',
    severity: 'error',
    from: { path: '^shared/', pathNot: TEST },
    to: { path: '.', pathNot: ['^shared/', npm('zod')] },
  },
  {
    name: 'layer-shared-tests',
    severity: 'error',
    from: { path: `^shared/.*${TEST}` },
    to: { path: '^(server|web|scripts)/', pathNot: under('testing') },
  },
];

// Inside web/src: pages -> components -> api -> format (pure functions), never back; the entry files stand above.
const WEB_FOLDERS = ['format', 'api', 'components', 'pages'];
const inWeb = (...folders) => `^web/src/(${folders.join('|')})/`;

function webLayerRules() {
  return WEB_FOLDERS.map((folder, index) => ({
    name: `layer-web-${folder}`,
    comment: 'pages -> components -> api -> format, never back',
    severity: 'error',
    from: { path: inWeb(folder), pathNot: TEST },
    to: { path: '^web/', pathNot: [inWeb(...WEB_FOLDERS.slice(0, index + 1)), '\\.(css|svg|png)$'] },
  }));
}

const webRules = [
  ...webLayerRules(),
  {
    name: 'web-imports-shared-only',
    severity: 'error',
    from: { path: '^web/', pathNot: [TEST, '^web/vite\\.config\\.ts$'] },
    to: { path: '^(server|scripts)/' },
  },
  {
    name: 'web-tests',
    comment: 'browser tests may use server/testing to start an appliance',
    severity: 'error',
    from: { path: `^web/.*${TEST}` },
    to: { path: '^(server|scripts)/', pathNot: under('testing') },
  },
  {
    name: 'web-no-node',
    comment: 'the browser has no Node modules',
    severity: 'error',
    from: { path: '^web/', pathNot: [TEST, '^web/vite\\.config\\.ts$'] },
    to: { dependencyTypes: ['core'] },
  },
  {
    name: 'web-unknown-folder',
    comment: 'a new folder under web/ needs a place in the order above',
    severity: 'error',
    from: {
      path: ['^web/src/[^/]+/', '^web/[^/]+/'],
      pathNot: ['^web/src/[^/]+$', inWeb(...WEB_FOLDERS), TEST],
    },
    to: { path: '.' },
  },
];

const generalRules = [
  {
    name: 'no-cycles',
    severity: 'error',
    from: {},
    to: { circular: true },
  },
  {
    name: 'no-unresolvable',
    comment:
      'an import that cannot be followed cannot be judged; fuse-native is left out where libfuse is missing',
    severity: 'error',
    from: {},
    to: { couldNotResolve: true, pathNot: '^fuse-native$' },
  },
  {
    name: 'scripts-stand-alone',
    comment: 'scripts run on a fresh clone, before anything is installed or built',
    severity: 'error',
    from: { path: '^scripts/' },
    to: { path: '.', pathNot: '^scripts/', dependencyTypesNot: ['core'] },
  },
];

module.exports = {
  forbidden: [
    ...layerRules(),
    ...packageRules(),
    ...serverRules,
    ...sharedRules,
    ...webRules,
    ...generalRules,
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.js', '.cjs', '.json', '.css', '.svg', '.png'],
    },
  },
};
