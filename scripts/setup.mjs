// Makes a fresh clone ready: packages, system packages (--system, --browser, --fuse), build (--build).
// Plain Node without packages; does nothing, quickly, when everything is there.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from './build-output.mjs';
import { root, run } from './run.mjs';

const FUSE_PACKAGES = { libfuse2: () => hasLibrary('libfuse.so.2'), fuse: () => hasProgram('fusermount') };

const TEST_PACKAGES = {
  'openssh-server': () => hasProgram('sshd'),
  openssl: () => hasProgram('openssl'),
  rsync: () => hasProgram('rsync'),
  curl: () => hasProgram('curl'),
  // The kernel's own header, which structures are compared with.
  'linux-libc-dev': () => existsSync('/usr/include/linux/fuse.h'),
  git: () => hasProgram('git'),
  zsh: () => hasProgram('zsh'),
  python3: () => hasProgram('python3'),
  e2fsprogs: () => hasProgram('mkfs.ext4'),
  'nginx-light': () => hasProgram('nginx'),
  'util-linux': () => hasProgram('mount') && hasProgram('losetup'),
  ...FUSE_PACKAGES,
};

const BROWSER_PACKAGES = { chromium: () => hasProgram('chromium') };

/** Does what the options ask for (`build`: true, 'force' or 'try'); throws `SetupError` when it can't. */
export async function setup(options = {}) {
  checkNode();
  const unlock = await lock();
  try {
    const wanted = {
      ...(options.fuse ? FUSE_PACKAGES : {}),
      ...(options.system ? TEST_PACKAGES : {}),
      ...(options.browser ? BROWSER_PACKAGES : {}),
    };
    await installSystemPackages(wanted);
    await installPackages();
    if (options.build && (await build({ force: options.build === 'force' })) !== 0) {
      if (options.build !== 'try') throw new SetupError('the build failed, see above');
      console.error('setup: the build failed, see above; going on without it');
    }
  } finally {
    unlock();
  }
}

export class SetupError extends Error {}

/** The system packages that tests of servers and mounts need and this machine doesn't have; with `browser` those of pages too. */
export function missingForTests({ browser = false } = {}) {
  return missing({ ...TEST_PACKAGES, ...(browser ? BROWSER_PACKAGES : {}) });
}

export function isRoot() {
  return process.getuid?.() === 0;
}

/** Runs a script's main function: failures of the set-up end it with a plain message. */
export async function main(body) {
  try {
    process.exitCode = await body(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  }
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`Node ${process.versions.node} is too old: 20.19 or newer is needed`);
  }
}

async function installPackages() {
  const lockHash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  const stamp = join(root, 'node_modules/.installed-lock');
  if (packagesAreCurrent(stamp, lockHash)) return;
  console.log('setup: installing packages (npm ci)');
  const headers = existsSync('/usr/include/node/node_api.h') ? { npm_config_nodedir: '/usr' } : {};
  const npm = process.env.npm_execpath?.endsWith('.js')
    ? [process.execPath, process.env.npm_execpath]
    : ['npm'];
  const args = [...npm.slice(1), 'ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const code = await run(npm[0], args, { env: { ...process.env, ...headers } });
  if (code !== 0) throw new SetupError(`npm ci failed with code ${code}, see above`);
  writeFileSync(stamp, stampOf(lockHash));
}

const WITHOUT_FUSE = ' without libfuse';

function stampOf(lockHash) {
  return hasLibrary('libfuse.so.2') ? lockHash : lockHash + WITHOUT_FUSE;
}

function packagesAreCurrent(stamp, lockHash) {
  const stamped = existsSync(stamp) ? readFileSync(stamp, 'utf8') : '';
  if (stamped === stampOf(lockHash)) return true;
  // npm leaves fuse-native out where libfuse is missing: it is asked once more when that has come.
  if (stamped === lockHash + WITHOUT_FUSE) return false;
  const installed = statSync(join(root, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
  if (!installed || installed.mtimeMs < statSync(join(root, 'package-lock.json')).mtimeMs) return false;
  writeFileSync(stamp, stampOf(lockHash));
  return true;
}

function missing(packages) {
  return Object.keys(packages).filter((name) => !packages[name]());
}

async function installSystemPackages(packages) {
  const names = missing(packages);
  if (names.length === 0) return;
  const byHand = `apt-get install ${names.join(' ')}`;
  if (!hasProgram('apt-get')) {
    console.error(
      `setup: missing on this system: ${names.join(', ')}; without apt-get they must be installed by hand`,
    );
    return;
  }
  if (!isRoot()) {
    console.error(`setup: missing system packages, and not root to install them; as root: ${byHand}`);
    return;
  }
  console.log(`setup: installing system packages: ${names.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['-qq', 'update'], { env });
  const code = await run('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', ...names], { env });
  const left = missing(packages);
  if (code !== 0 || left.length > 0) {
    throw new SetupError(
      `could not install ${left.join(', ') || names.join(', ')} (apt-get: code ${code}); try: ${byHand}`,
    );
  }
}

function hasProgram(name) {
  const folders = [
    ...(process.env.PATH ?? '').split(':'),
    '/usr/local/sbin',
    '/usr/sbin',
    '/sbin',
    '/usr/bin',
    '/bin',
  ];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, name)));
}

function hasLibrary(name) {
  const roots = ['/lib', '/usr/lib', '/usr/local/lib', '/lib64', '/usr/lib64'].filter((folder) =>
    existsSync(folder),
  );
  if (roots.some((folder) => existsSync(join(folder, name)))) return true;
  const multiarch = roots.flatMap((folder) =>
    readdirSync(folder)
      .filter((entry) => entry.includes('-linux-'))
      .map((entry) => join(folder, entry)),
  );
  if (multiarch.some((folder) => existsSync(join(folder, name)))) return true;
  return spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout?.includes(`${name} `) ?? false;
}

// Two commands started together on one checkout must not install or build over each other.
async function lock() {
  const folder = join(
    tmpdir(),
    `proxyfs-setup-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`,
  );
  for (let waited = false; ; waited = true) {
    try {
      mkdirSync(folder);
      writeFileSync(join(folder, 'pid'), String(process.pid));
      return () => rmSync(folder, { recursive: true, force: true });
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (!ownerLives(folder)) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    if (!waited) console.log('setup: waiting for another set-up of this checkout');
    await sleep(200);
  }
}

function ownerLives(folder) {
  try {
    process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), 0);
    return true;
  } catch (error) {
    if (error.code === 'EPERM') return true;
    const age = Date.now() - (statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0);
    return error.code === 'ENOENT' && age < 2000;
  }
}

if (process.argv[1] === import.meta.filename) {
  await main(async (args) => {
    const options = Object.fromEntries(args.map((arg) => [arg.replace(/^--/, ''), true]));
    await setup(options);
    return 0;
  });
}
