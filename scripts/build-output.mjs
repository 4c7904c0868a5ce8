// Builds dist/ and knows whether it is up to date.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { root, run, tool } from './run.mjs';

const PROJECTS = ['tsconfig.build.json', 'tsconfig.types.json'];
const SERVER_SOURCES = ['server', 'shared', 'tsconfig.json', ...PROJECTS, 'package-lock.json'];
const WEB_SOURCES = ['web', 'shared', 'package-lock.json'];

/** Builds what is missing or older than its sources; everything with `force`. Gives an exit code. */
export async function build({ force }) {
  return (await buildServer(force)) || (await buildWeb(force));
}

async function buildServer(force) {
  const print = fingerprint(SERVER_SOURCES);
  if (!force && isCurrent('server', print)) return 0;
  console.log('build: compiling server and shared');
  rmSync(stampFile('server'), { force: true });
  for (const project of PROJECTS) {
    const code = await run(process.execPath, [tool('typescript/bin/tsc'), '-p', project]);
    if (code !== 0) return code;
  }
  removeLeftovers('server');
  removeLeftovers('shared');
  for (const bin of Object.values(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).bin)) {
    if (existsSync(join(root, bin))) chmodSync(join(root, bin), 0o755);
  }
  stamp('server', print);
  return 0;
}

async function buildWeb(force) {
  if (!existsSync(join(root, 'web/index.html'))) return 0;
  const print = fingerprint(WEB_SOURCES);
  if (!force && isCurrent('web', print)) return 0;
  console.log('build: bundling the dashboard');
  rmSync(stampFile('web'), { force: true });
  const code = await run(process.execPath, [tool('vite/bin/vite.js'), 'build', 'web', '--logLevel', 'warn']);
  if (code === 0) stamp('web', print);
  return code;
}

function stampFile(part) {
  return join(root, 'dist', `.${part}.stamp`);
}

function isCurrent(part, print) {
  if (!existsSync(join(root, 'dist', part)) || !existsSync(stampFile(part))) return false;
  return readFileSync(stampFile(part), 'utf8') === print;
}

function stamp(part, print) {
  mkdirSync(join(root, 'dist'), { recursive: true });
  writeFileSync(stampFile(part), print);
}

// Name, time and size of every source that is part of the build: sees changed, new and deleted files.
function fingerprint(sources) {
  const hash = createHash('sha256');
  for (const source of sources) for (const file of filesIn(join(root, source))) hash.update(file);
  return hash.digest('hex');
}

function filesIn(path) {
  const info = statSync(path, { throwIfNoEntry: false });
  if (!info) return [];
  if (!info.isDirectory())
    return path.endsWith('.test.ts') ? [] : [`${path}\0${info.mtimeMs}\0${info.size}\n`];
  return readdirSync(path)
    .sort()
    .filter((name) => name !== 'node_modules')
    .flatMap((name) => filesIn(join(path, name)));
}

// tsc never deletes: the output of a source that is gone would go on being importable.
function removeLeftovers(folder) {
  const dist = join(root, 'dist', folder);
  if (!existsSync(dist)) return;
  for (const entry of readdirSync(dist, { recursive: true })) {
    const source = /^(.*)\.js(\.map)?$/.exec(entry)?.[1];
    if (source === undefined) continue;
    if (source.endsWith('.test') || !existsSync(join(root, folder, `${source}.ts`)))
      rmSync(join(dist, entry));
  }
}
