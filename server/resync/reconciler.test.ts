import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { doneWithin } from '../base/wait.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { Journal } from '../journal/journal.ts';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { Reconciler } from './reconciler.ts';

const MIB = 1024 * 1024;
const BYTES_PER_SECOND = 1000;

let temp: TempDirectory;
let journal: Journal;

beforeEach(async () => {
  temp = await tempDirectory('reconciler');
  journal = await Journal.open(join(temp.path, 'state'));
});

afterEach(async () => {
  await journal.close();
  await temp.remove();
});

async function treeAt(name: string): Promise<LocalTree> {
  const root = join(temp.path, name);
  await mkdir(root);
  const tree = new LocalTree(root, join(root, '.proxyfs'));
  await tree.start();
  return tree;
}

it('stops at once while it waits for its share of a slow line, and keeps what is left to do', async () => {
  const [local, mirror] = [await treeAt('local'), await treeAt('mirror')];
  const stale = journal.staleSet('mirror');
  await writeFile(join(temp.path, 'local', 'large'), Buffer.alloc(2 * MIB, 'x'));
  stale.mark([{ kind: 'entry', path: treePath('/large') }]);
  const reconciler = new Reconciler({
    local,
    mirror,
    stale,
    withLock: (_affected, work) => work(),
    logger: silentLogger,
    bandwidthLimit: BYTES_PER_SECOND,
  });
  reconciler.start();
  await waitUntil('some of it is sent', () => reconciler.sentBytes > 0);
  expect(await doneWithin(reconciler.stop(), 5000)).toBe(true);
  expect(stale.next(10, new Set()).map(({ affected }) => affected.path)).toContain('/large');
  expect(reconciler.problems).toEqual([]);
  await local.stop();
  await mirror.stop();
});
