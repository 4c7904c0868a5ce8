import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { compareTrees, rsyncDifferences } from './testing/compare-trees.ts';
import { noneLeft } from './testing/none-left.ts';
import { buildRandomTree } from './testing/random-tree.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { tempDirectory, type TempDirectory } from './testing/temp-directory.ts';
import { waitUntil } from './testing/wait-until.ts';

const FILES = 10_000;
const LIMIT_MS = 240_000;

let mirrors: SshdMirror[];
let appliance: ApplianceProcess;
let scratch: TempDirectory;

beforeAll(async () => {
  scratch = await tempDirectory('real-input');
  mirrors = await Promise.all(['m1', 'm2', 'm3'].map((name) => startSshdMirror({ name })));
  appliance = new ApplianceProcess({ mirrors: mirrors.map((mirror) => mirror.config()) });
  await appliance.start();
  await mkdir(join(scratch.path, 'tree'));
  buildRandomTree(join(scratch.path, 'tree'), { files: FILES, seed: 7 });
  await mkdir(join(scratch.path, 'small'));
  buildRandomTree(join(scratch.path, 'small'), { files: 1000, seed: 8 });
}, 120_000);

afterAll(async () => {
  await appliance?.stop();
  await Promise.all((mirrors ?? []).map((mirror) => mirror.stop()));
  await scratch?.remove();
}, 60_000);

/** Runs a shell script in the mount and expects it to succeed without a word of complaint. */
async function shell(script: string, timeoutMs = LIMIT_MS): Promise<string> {
  const result = await appliance.inMount('bash', ['-ec', script], { timeoutMs });
  expect(`${result.stderr.slice(0, 2000)} (exit ${result.code})`).toBe(' (exit 0)');
  return result.stdout;
}

/**
 * Of all replicas, or of one directory in each. Directory times follow when they have rested; everything else is there
 * when the call returns.
 */
async function expectAllEqual(directory = ''): Promise<void> {
  const [local = '', ...others] = [appliance.localPath, ...mirrors.map(({ root }) => root)].map((root) =>
    join(root, directory),
  );
  const roots = [local, ...others];
  await noneLeft(() => compareTrees(roots));
  for (const root of others) expect(await rsyncDifferences(local, root)).toEqual([]);
}

describe('through the mount, onto three mirrors,', () => {
  it(
    'cp -a brings a tree of 10,000 files with links, odd modes and odd names',
    async () => {
      await shell(`cp -a '${scratch.path}/tree' copied`);
      expect(await compareTrees([join(scratch.path, 'tree'), join(appliance.localPath, 'copied')])).toEqual(
        [],
      );
      await expectAllEqual();
    },
    LIMIT_MS,
  );

  it(
    'tar x and rsync -a bring trees, and a second rsync finds nothing to do',
    async () => {
      await shell(`mkdir untarred && tar -C '${scratch.path}/small' -cf - . | tar -C untarred -xpf -`);
      await shell(`rsync -aH '${scratch.path}/small/' synced/`);
      expect(await shell(`rsync -aHi '${scratch.path}/small/' synced/`)).toBe('');
      const local = (name: string) => join(appliance.localPath, name);
      expect(await compareTrees([join(scratch.path, 'small'), local('untarred'), local('synced')])).toEqual(
        [],
      );
      await expectAllEqual();
    },
    LIMIT_MS,
  );

  it(
    'cp -a and rsync -aU keep the times of reading and changing, tar the latter, to the nanosecond',
    async () => {
      await mkdir(join(scratch.path, 'timed'));
      // Reading a file may move its own time of reading, so each program gets files of its own.
      await shell(`cd '${scratch.path}/timed' && for tool in cp rsync tar; do mkdir $tool; for k in $(seq 20); do
        echo $k > $tool/$k; touch -a -d "2011-12-13 14:15:$k.123456789" $tool/$k; touch -m -d "2001-02-03 04:05:$k.987654321" $tool/$k
      done; done`);
      const times = (directory: string, format: string) =>
        shell(`cd '${directory}' && stat -c '%n ${format}' *`);
      const copies = [
        ['cp', `cp -a '${scratch.path}/timed/cp' times/`, '%x %y'],
        ['rsync', `rsync -aU '${scratch.path}/timed/rsync' times/`, '%X %y'],
        ['tar', `tar --format=posix -C '${scratch.path}/timed' -cf - tar | tar -C times -xpf -`, '%y'],
      ] as const;
      await shell('mkdir times');
      for (const [tool, script, format] of copies) {
        const original = await times(join(scratch.path, 'timed', tool), format);
        await shell(script);
        for (const root of [appliance.mountPoint, appliance.localPath])
          expect(await times(join(root, 'times', tool), format)).toBe(original);
      }
      await expectAllEqual('times');
    },
    LIMIT_MS,
  );

  it(
    'web servers on the mount, the local directory and every mirror give the same ETags',
    async () => {
      // As nginx makes them: time of the change in whole seconds, and size.
      const etags = (root: string) =>
        shell(
          `cd '${root}' && find . -path ./.proxyfs -prune -o -type f -print0 | sort -z | xargs -0 stat -c '%n "%Y-%s"'`,
        );
      await shell(
        'mkdir pages; cd pages; echo new > index.html; echo more >> index.html; mv index.html moved.html; truncate -s 5 moved.html',
      );
      await expectAllEqual('pages');
      const local = await etags(appliance.localPath);
      expect(local.split('\n').length).toBeGreaterThan(FILES);
      for (const root of [appliance.mountPoint, ...mirrors.map((mirror) => mirror.root)])
        expect(await etags(root)).toBe(local);
    },
    LIMIT_MS,
  );

  it(
    'git clones, changes, commits and finds its work tree clean',
    async () => {
      await shell(
        `git init -q '${scratch.path}/origin' && cd '${scratch.path}/origin' && cp -r '${scratch.path}/small/.' . 2>/dev/null || true
       cd '${scratch.path}/origin' && echo one > file && git add file && git -c user.name=t -c user.email=t@example.org commit -qm one`,
      );
      await shell(`git clone -q '${scratch.path}/origin' cloned`);
      await shell(
        `cd cloned && echo two >> file && git mv file moved && git -c user.name=t -c user.email=t@example.org commit -qam two && git gc -q`,
      );
      expect(await shell('cd cloned && git status --porcelain && git fsck --strict 2>&1')).toBe('');
      await expectAllEqual('cloned');
    },
    LIMIT_MS,
  );

  it(
    'an editor saves by a temporary file and a rename, and a log is appended to',
    async () => {
      await shell(
        `mkdir edited && cd edited && for k in $(seq 30); do echo "version $k" > .doc.tmp && mv .doc.tmp doc; done; cp doc doc~; mv doc doc.bak; mv doc~ doc`,
      );
      await shell(
        `cd edited; (for k in $(seq 200); do echo "a $k"; done >> log) & (for k in $(seq 200); do echo "b $k"; done >> log); wait`,
      );
      expect((await shell('sort edited/log | uniq | wc -l')).trim()).toBe('400');
      await expectAllEqual('edited');
    },
    LIMIT_MS,
  );

  it(
    'random writes land in a file of 500 MiB',
    async () => {
      const program = `
      const fs = require('node:fs'); fs.mkdirSync('large'); const fd = fs.openSync('large/file', 'w+');
      const block = Buffer.alloc(1 << 20, 1);
      for (let k = 0; k < 500; k++) fs.writeSync(fd, block);
      let seed = 12345; const next = (n) => (seed = (seed * 1103515245 + 12345) % 2147483648) % n;
      for (let k = 0; k < 400; k++) {
        const data = Buffer.alloc(1 + next(200000), k); fs.writeSync(fd, data, 0, data.length, next(499 << 20));
      }
      fs.closeSync(fd);`;
      const written = await appliance.inMount(process.execPath, ['-e', program], { timeoutMs: LIMIT_MS });
      expect(written.stderr).toBe('');
      await expectAllEqual('large');
    },
    LIMIT_MS,
  );

  it(
    'files of bytes come back as they were written',
    async () => {
      const bytes = randomBytes(3_000_001);
      await writeFile(join(scratch.path, 'bytes'), bytes);
      await shell(`cp '${scratch.path}/bytes' bytes && cmp '${scratch.path}/bytes' bytes`);
      for (const { root } of mirrors) await shell(`cmp '${join(root, 'bytes')}' bytes`);
    },
    LIMIT_MS,
  );

  it(
    'rm -rf leaves nothing anywhere',
    async () => {
      await shell('rm -rf -- * .[!.]*');
      expect(await shell('ls -A')).toBe('');
      await expectAllEqual();
      for (const { root } of mirrors) {
        const left = await waitUntil('pre-images are dropped', () => leftovers(root), 10_000);
        expect(left).toBe('none');
      }
    },
    LIMIT_MS,
  );
});

async function leftovers(root: string): Promise<string | undefined> {
  const found = await Promise.all(
    ['undo', 'staging'].map((name) => readdir(join(root, '.proxyfs', name)).catch(() => [])),
  );
  return found.flat().length === 0 ? 'none' : undefined;
}
