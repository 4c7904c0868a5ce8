// Do the tools still see what they are there for? Plants violations in a scratch copy of the configuration
// and fails when dependency-cruiser or oxlint lets one pass, or complains about a clean file.

import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { capture, root, tool } from './run.mjs';

const CONFIGURATION = [
  'package.json',
  'tsconfig.json',
  'web/tsconfig.json',
  '.dependency-cruiser.cjs',
  '.oxlintrc.json',
];

const TARGET_FOLDERS = `
  shared server/base server/config server/filesystem server/journal server/history server/mirror server/fuse
  server/transaction server/resync server/mount server/appliance server/api server/demo server/testing
  web/src/format web/src/api web/src/components web/src/pages
`;

const TARGETS = Object.fromEntries(
  TARGET_FOLDERS.trim()
    .split(/\s+/)
    .map((folder) => [`${folder}/target.ts`, 'export const target = 1;\n']),
);

const uses = (path) => `import { target } from '${path}';\nexport const used = target;\n`;
const usesType = (path) => `import type { Used } from '${path}';\nexport type Again = Used;\n`;
const usesPackage = (name) => `import * as used from '${name}';\nexport const planted = used;\n`;

// Each file breaks the named rule; one without a rule is there for another.
const LAYER_PLANTS = {
  'shared/planted-server.ts': ['layer-shared', uses('../server/base/target.ts')],
  'shared/planted-yaml.ts': ['layer-shared', usesPackage('yaml')],
  'shared/planted-node.ts': ['layer-shared', usesPackage('node:path')],
  'server/base/planted.ts': ['layer-base', uses('../config/target.ts')],
  'server/config/planted.ts': ['layer-config', uses('../api/target.ts')],
  'server/config/planted-sibling.ts': ['layer-config', uses('../filesystem/target.ts')],
  'server/filesystem/planted.ts': ['layer-filesystem', uses('../mirror/target.ts')],
  'server/journal/planted.ts': ['layer-journal', uses('../mirror/target.ts')],
  'server/history/planted.ts': ['layer-history', uses('../journal/target.ts')],
  'server/mirror/planted.ts': ['layer-mirror', uses('../transaction/target.ts')],
  'server/fuse/planted.ts': ['layer-fuse', uses('../mount/target.ts')],
  'server/transaction/planted-lazy.ts': [
    'layer-transaction',
    "export const late = import('../mount/target.ts');\n",
  ],
  'server/transaction/planted-sibling.ts': ['layer-transaction', uses('../resync/target.ts')],
  'server/transaction/planted-mirror.ts': ['trees-only', uses('../mirror/target.ts')],
  'server/resync/planted.ts': ['trees-only', uses('../mirror/target.ts')],
  'server/resync/used-type.ts': [undefined, 'export interface Used {\n  a: number;\n}\n'],
  'server/transaction/planted-type.ts': ['layer-transaction', usesType('../resync/used-type.ts')],
  'server/mount/planted.ts': ['layer-mount', uses('../appliance/target.ts')],
  'server/appliance/planted.ts': ['layer-appliance', uses('../api/target.ts')],
  'server/api/planted.ts': ['layer-api', uses('../demo/target.ts')],
  'server/main.cts': ['layer-main', uses('./demo/target.ts')],
  'server/mount/planted-testing.ts': ['testing-is-for-tests', uses('../testing/target.ts')],
  'server/journal/planted.test.ts': ['layer-journal-tests', uses('../mount/target.ts')],
  'server/surprise/planted.ts': ['unknown-folder-from', uses('../base/target.ts')],
  'server/transaction/planted-ssh2.ts': ['package-ssh2', usesPackage('ssh2')],
  'server/transaction/planted-ssh2-type.ts': [
    'package-ssh2',
    "import type { Client } from 'ssh2';\nexport type Planted = Client;\n",
  ],
  'server/mount/planted-fuse-native.ts': [
    'package-fuse-native',
    "export const fuse = import('fuse-native');\n",
  ],
  'server/mount/planted-require.ts': [
    'package-fuse-native',
    "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);\nexport const fuse: unknown = require('fuse-native');\n",
  ],
  'server/appliance/planted-fastify.ts': ['package-fastify', usesPackage('fastify')],
  'server/appliance/planted-static.ts': ['package-fastify', usesPackage('@fastify/static')],
  'server/appliance/planted-socket.ts': ['package-socket-io', usesPackage('socket.io')],
  'server/resync/planted-lmdb.ts': ['package-lmdb', usesPackage('lmdb')],
  'server/resync/planted-ignore.ts': ['package-ignore', usesPackage('ignore')],
  'server/base/planted-development.ts': ['no-development-package-at-run-time', usesPackage('react')],
  'server/base/planted-unresolvable.ts': ['no-unresolvable', usesPackage('no-such-package')],
  'server/base/planted-cycle.ts': [
    undefined,
    "export type { Back } from './planted-cycle-back.ts';\nexport type Used = 1;\n",
  ],
  'server/base/planted-cycle-back.ts': [
    'no-cycles',
    `${usesType('./planted-cycle.ts')}export type Back = 1;\n`,
  ],
  'web/src/pages/planted.tsx': ['web-imports-shared-only', uses('../../../server/base/target.ts')],
  'web/src/pages/planted-node.ts': ['web-no-node', usesPackage('node:fs')],
  'web/src/api/planted.ts': ['layer-web-api', uses('../components/target.ts')],
  'web/src/components/planted.ts': ['layer-web-components', uses('../pages/target.ts')],
  'web/src/format/planted.ts': ['layer-web-format', uses('../api/target.ts')],
  'web/src/surprise/planted.ts': ['web-unknown-folder', uses('../api/target.ts')],
  'scripts/planted.mjs': ['scripts-stand-alone', "import yaml from 'yaml';\nexport const planted = yaml;\n"],
};

const WORK = 'async function work(): Promise<boolean> {\n  await Promise.resolve();\n  return true;\n}\n';

const LINT_PLANTS = {
  'server/base/lint-floating.ts': [
    'no-floating-promises',
    `${WORK}export function planted(): void {\n  work();\n}\n`,
  ],
  'server/base/lint-then.ts': [
    'no-floating-promises',
    `${WORK}export function planted(): void {\n  work().then(() => 1);\n}\n`,
  ],
  'server/base/lint-for-each.ts': [
    'no-misused-promises',
    `${WORK}export function planted(all: number[]): void {\n  all.forEach(async () => {\n    await work();\n  });\n}\n`,
  ],
  'server/base/lint-callback.ts': [
    'no-misused-promises',
    `${WORK}export function planted(): void {\n  setTimeout(async () => {\n    await work();\n  }, 1);\n}\n`,
  ],
  'server/base/lint-condition.ts': [
    'no-misused-promises',
    `${WORK}export function planted(): number {\n  return work() ? 1 : 2;\n}\n`,
  ],
  'server/base/lint-spread.ts': [
    'no-misused-promises',
    `${WORK}export async function planted(): Promise<object> {\n  await work();\n  return { ...work() };\n}\n`,
  ],
  'server/base/lint-return.ts': [
    'return-await',
    `${WORK}export async function planted(): Promise<boolean> {\n  try {\n    return work();\n  } catch {\n    return false;\n  }\n}\n`,
  ],
  'server/base/lint-await.ts': [
    'await-thenable',
    'export async function planted(): Promise<number> {\n  const one: number = 1;\n  return await one;\n}\n',
  ],
  'server/base/lint-switch.ts': [
    'switch-exhaustiveness-check',
    "export function planted(state: 'up' | 'down'): number {\n  switch (state) {\n    case 'up':\n      return 1;\n  }\n  return 2;\n}\n",
  ],
  'server/base/lint-any.ts': ['no-explicit-any', 'export const planted: any = 1;\n'],
  'server/base/lint-non-null.ts': [
    'no-non-null-assertion',
    'export function planted(all: number[]): number {\n  return all[0]!;\n}\n',
  ],
  'server/base/lint-type-import.ts': [
    'consistent-type-imports',
    "import { Stats } from 'node:fs';\nexport type Planted = Stats;\n",
  ],
  'server/base/lint-unused.ts': ['no-unused-vars', 'const planted = 1;\nexport {};\n'],
  'server/base/lint-equal.ts': ['eqeqeq', 'export const planted = (a: string, b: string) => a == b;\n'],
  'server/base/lint-console.ts': ['no-console', "console.log('planted');\n"],
  'server/base/lint-long-file.ts': [
    'max-lines',
    Array.from({ length: 301 }, (_, i) => `export const planted${i} = ${i};\n`).join(''),
  ],
  'server/base/lint-long-function.ts': [
    'max-lines-per-function',
    `export function planted(all: number[]): void {\n${'  all.push(1);\n'.repeat(51)}}\n`,
  ],
  'web/src/pages/lint-floating.tsx': [
    'no-floating-promises',
    `${WORK}export function Planted() {\n  work();\n  return <div />;\n}\n`,
  ],
};

// What the rules must let through.
const CLEAN = {
  'shared/clean.ts': "import { z } from 'zod';\nexport const schema = z.string();\n",
  'server/base/clean.ts': `${WORK}export async function clean(): Promise<boolean> {\n  await work();\n  void work();\n  return await work();\n}\n`,
  'server/journal/clean.ts': `${usesPackage('lmdb')}export { target } from '../filesystem/target.ts';\n`,
  'server/mirror/clean.ts': `${usesPackage('ssh2')}export { target } from '../base/target.ts';\n`,
  'server/fuse/clean.ts': "export const fuse = import('fuse-native');\n",
  'server/transaction/clean.ts': uses('../journal/target.ts'),
  'server/appliance/clean.ts': uses('../mirror/target.ts'),
  'server/api/clean.ts': `${usesPackage('fastify')}export { target } from '../appliance/target.ts';\n`,
  'server/demo/clean.ts': `${usesPackage('ssh2')}export { target } from '../api/target.ts';\n`,
  'server/testing/clean.ts': `${usesPackage('ssh2')}export { target } from '../api/target.ts';\n`,
  'server/resync/clean.test.ts': `${uses('../transaction/target.ts')}export * as testing from '../testing/target.ts';\n`,
  'web/src/api/clean.ts': uses('../../../shared/target.ts'),
  'web/src/pages/clean.tsx':
    "import { target } from '../components/target.ts';\nexport { target as again } from '../api/target.ts';\nexport function Clean() {\n  return <div>{target}</div>;\n}\n",
};

const scratch = mkdtempSync(join(tmpdir(), 'proxyfs-canary-'));
try {
  const problems = await plantAndLook();
  for (const problem of problems) console.error(`canary: ${problem}`);
  const count = Object.values({ ...LAYER_PLANTS, ...LINT_PLANTS }).filter(([rule]) => rule).length;
  if (problems.length === 0) console.log(`canary: ${count} planted files, each one found`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function plantAndLook() {
  for (const file of CONFIGURATION) {
    mkdirSync(dirname(join(scratch, file)), { recursive: true });
    cpSync(join(root, file), join(scratch, file));
  }
  symlinkSync(join(root, 'node_modules'), join(scratch, 'node_modules'));
  for (const [file, text] of Object.entries({ ...TARGETS, ...CLEAN })) plant(file, text);
  for (const [file, [, text]] of Object.entries({ ...LAYER_PLANTS, ...LINT_PLANTS })) plant(file, text);
  const [layers, lint] = await Promise.all([judgeLayers(), judgeLint()]);
  return [...layers, ...lint];
}

function plant(file, text) {
  mkdirSync(dirname(join(scratch, file)), { recursive: true });
  writeFileSync(join(scratch, file), text);
}

async function judgeLayers() {
  const program = tool('dependency-cruiser/bin/dependency-cruise.mjs');
  const args = [program, '--output-type', 'json', 'server', 'shared', 'web', 'scripts'];
  const { stdout, output } = await capture(process.execPath, args, { cwd: scratch });
  const report = parse(stdout);
  if (!report) return [`dependency-cruiser gave no report:\n${output}`];
  const found = report.summary.violations.map(({ from, rule }) => [from, rule.name]);
  const clean = await capture(process.execPath, [program, '--output-type', 'err', ...Object.keys(CLEAN)], {
    cwd: scratch,
  });
  const exit = await capture(process.execPath, [program, '--output-type', 'err', 'server/config'], {
    cwd: scratch,
  });
  return [
    ...judge('dependency-cruiser', found, LAYER_PLANTS),
    ...(clean.code === 0 ? [] : [`dependency-cruiser complains about clean files:\n${clean.output}`]),
    ...(exit.code !== 0 ? [] : ['dependency-cruiser ends with code 0 in spite of violations']),
  ];
}

async function judgeLint() {
  const args = [tool('oxlint/bin/oxlint'), '--type-aware', '--deny-warnings', '--format', 'json'];
  const { code, stdout, output } = await capture(process.execPath, args, { cwd: scratch });
  const report = parse(stdout);
  if (!report) return [`oxlint gave no report:\n${output}`];
  const found = report.diagnostics.map(({ filename, code: rule }) => [
    filename,
    /\((.*)\)/.exec(rule)?.[1] ?? rule,
  ]);
  return [
    ...judge('oxlint', found, LINT_PLANTS),
    ...(code !== 0 ? [] : ['oxlint ends with code 0 in spite of violations']),
  ];
}

// `found`: [file, rule] for every complaint.
function judge(name, found, plants) {
  const missed = Object.entries(plants)
    .filter(([file, [rule]]) => rule && !found.some((one) => one[0] === file && one[1] === rule))
    .map(([file, [rule]]) => {
      const others = found.filter((one) => one[0] === file).map((one) => one[1]);
      return `${name} does not report ${rule} in ${file} (it reports: ${others.join(', ') || 'nothing'})`;
    });
  const wrong = found
    .filter(([file]) => file in CLEAN || file in TARGETS)
    .map(([file, rule]) => `${name} reports ${rule} in ${file}, which is clean`);
  return [...missed, ...wrong];
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
