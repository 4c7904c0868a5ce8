import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { compareTrees, rsyncDifferences } from './compare-trees.ts';
import { tempDirectory, type TempDirectory } from './temp-directory.ts';

let temp: TempDirectory;
let a: string;
let b: string;

beforeEach(async () => {
  temp = await tempDirectory('compare');
  [a, b] = [join(temp.path, 'a'), join(temp.path, 'b')];
  for (const root of [a, b]) {
    mkdirSync(join(root, 'sub'), { recursive: true });
    writeFileSync(join(root, 'sub/file'), 'content');
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'not UTF-8');
    linkSync(join(root, 'sub/file'), join(root, 'linked'));
    symlinkSync('sub/file', join(root, 'link'));
    lutimesSync(join(root, 'link'), 1000, 1000);
    for (const name of ['sub/file', 'sub', '.']) utimesSync(join(root, name), 1000, 1000);
    utimesSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 1000, 1000);
  }
});

afterEach(() => temp.remove());

/** What both comparisons say after `change`, which is put back in time so that only it shows. */
async function after(change: () => void): Promise<{ ours: string[]; rsync: string[] }> {
  change();
  for (const name of ['sub', '.']) utimesSync(join(b, name), 1000, 1000);
  return { ours: await compareTrees([a, b]), rsync: await rsyncDifferences(a, b) };
}

describe('compareTrees', () => {
  test('finds nothing between equal trees, whatever is in .proxyfs', async () => {
    const found = await after(() => {
      mkdirSync(join(b, '.proxyfs'));
      writeFileSync(join(b, '.proxyfs/replica.json'), '{}');
    });
    expect(found).toEqual({ ours: [], rsync: [] });
  });

  const changes: [string, RegExp, () => void][] = [
    ['a byte', /sha256/, () => rewrite('sub/file', 'c0ntent')],
    ['a size', /size 7 \| 8/, () => rewrite('sub/file', 'content+')],
    ['a mode', /mode 644 \| 4644/, () => chmodSync(join(b, 'sub/file'), 0o4644)],
    ['a file time', /mtime 1000 s \| 1001 s/, () => utimesSync(join(b, 'sub/file'), 1001, 1001)],
    ['a symlink time', /mtime 1000 s \| 7 s/, () => lutimesSync(join(b, 'link'), 7, 7)],
    ['a link target', /target sub\/file \| else/, () => relink('else')],
    ['a missing entry', /missing there/, () => rmSync(join(b, 'link'))],
    ['a further entry', /only there/, () => mkdirSync(join(b, 'more'))],
    ['a type', /type file \| directory/, () => retype('linked')],
    ['a broken hard link', /hard links/, () => unshare('linked')],
    ['a .proxyfs below the root', /only there/, () => mkdirSync(join(b, 'sub/.proxyfs'))],
    ['a renamed entry', /missing there/, () => renameSync(join(b, 'linked'), join(b, 'linked2'))],
  ];

  test.each(changes)('finds %s, as rsync does', async (_, expected, change) => {
    const found = await after(change);
    expect(found.ours.join('\n')).toMatch(expected);
    expect(found.rsync).not.toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)('finds an owner', async () => {
    const { chownSync } = await import('node:fs');
    chownSync(join(b, 'sub/file'), 1, 2);
    expect((await compareTrees([a, b])).join('\n')).toMatch(/owner 0:0 \| 1:2/);
    expect(await compareTrees([a, b], { ignoreOwners: true })).toEqual([]);
  });

  test('leaves times out where asked to', async () => {
    utimesSync(join(b, 'sub'), 5, 5);
    expect(await compareTrees([a, b])).not.toEqual([]);
    expect(await compareTrees([a, b], { ignoreDirectoryTimes: true })).toEqual([]);
    utimesSync(join(b, 'sub/file'), 5, 5);
    expect(await compareTrees([a, b], { ignoreDirectoryTimes: true, ignoreFileTimes: true })).toEqual([]);
  });

  test('caps what it lists, and says how much is left', async () => {
    for (let index = 0; index < 80; index++) mkdirSync(join(b, `extra ${index}`));
    utimesSync(b, 1000, 1000);
    const lines = await compareTrees([a, b]);
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toBe('... and 30 more');
  });
});

function rewrite(name: string, content: string): void {
  writeFileSync(join(b, name), content);
  utimesSync(join(b, name), 1000, 1000);
}

function relink(target: string): void {
  rmSync(join(b, 'link'));
  symlinkSync(target, join(b, 'link'));
  lutimesSync(join(b, 'link'), 1000, 1000);
}

function retype(name: string): void {
  rmSync(join(b, name));
  mkdirSync(join(b, name));
}

function unshare(name: string): void {
  rmSync(join(b, name));
  rewrite(name, 'content');
}
