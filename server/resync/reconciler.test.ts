import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { doneWithin, orAbort } from '../base/wait.ts';
import type { FileSource } from '../filesystem/file-tree.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { type TreePath, treePath } from '../filesystem/tree-path.ts';
import { Journal } from '../journal/journal.ts';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { Reconciler, type WithLock } from './reconciler.ts';

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

interface Changes {
  readonly withLock?: WithLock;
  readonly bandwidthLimit?: number;
}

function reconcilerOf(local: LocalTree, mirror: LocalTree, changes: Changes = {}): Reconciler {
  const stale = journal.staleSet('mirror');
  const withLock: WithLock = (_affected, _cancellation, work) => work();
  return new Reconciler({ local, mirror, stale, withLock, logger: silentLogger, ...changes });
}

it('stops at once while it waits for its share of a slow line, and keeps what is left to do', async () => {
  const [local, mirror] = [await treeAt('local'), await treeAt('mirror')];
  const stale = journal.staleSet('mirror');
  await writeFile(join(temp.path, 'local', 'large'), Buffer.alloc(2 * MIB, 'x'));
  stale.mark([{ kind: 'entry', path: treePath('/large') }]);
  const reconciler = reconcilerOf(local, mirror, { bandwidthLimit: BYTES_PER_SECOND });
  reconciler.start();
  await waitUntil('some of it is sent', () => reconciler.sentBytes > 0);
  expect(await doneWithin(reconciler.stop(), 5000)).toBe(true);
  expect(stale.next(10, new Set()).map(({ affected }) => affected.path)).toContain('/large');
  expect(reconciler.problems).toEqual([]);
  await local.stop();
  await mirror.stop();
});

/** Reads what it is to put at its first path, and does no more until it may. */
class SlowTree extends LocalTree {
  mayGoOn: () => void = () => {};
  readonly #gate = new Promise<void>((resolve) => (this.mayGoOn = resolve));
  hasRead = false;

  override async replaceFile(path: TreePath, source: FileSource): Promise<void> {
    const content: Buffer[] = [];
    for await (const piece of source.content) content.push(piece);
    const isFirst = !this.hasRead;
    this.hasRead = true;
    if (isFirst) await this.#gate;
    return super.replaceFile(path, { ...source, content: piecesOf(content) });
  }
}

async function* piecesOf(content: readonly Buffer[]): AsyncGenerator<Buffer> {
  for (const piece of content) yield await Promise.resolve(piece);
}

async function slowTree(): Promise<SlowTree> {
  await mkdir(join(temp.path, 'mirror'));
  const tree = new SlowTree(join(temp.path, 'mirror'), join(temp.path, 'mirror/.proxyfs'));
  await tree.start();
  return tree;
}

it('never puts back what a file held before it was changed and repaired again', async () => {
  const [local, mirror] = [await treeAt('local'), await slowTree()];
  const stale = journal.staleSet('mirror');
  const [file, other] = [treePath('/file'), treePath('/other')];
  const inLocal = (path: string) => join(temp.path, 'local', path);
  const inMirror = (path: string) => join(temp.path, 'mirror', path);
  await writeFile(inLocal('file'), 'before');
  stale.mark([{ kind: 'entry', path: file }]);
  const reconciler = reconcilerOf(local, mirror);
  reconciler.start();
  await waitUntil('the file is read', () => mirror.hasRead);
  await local.apply({ kind: 'write', path: file, offset: 0, data: Buffer.from('after!') });
  await writeFile(inLocal('other'), 'other');
  stale.mark([
    { kind: 'extent', path: file, index: 0 },
    { kind: 'entry', path: other },
  ]);
  const arrived = () => readFile(inMirror('other'), 'utf8');
  await waitUntil('what was marked last is repaired', async () => (await arrived()) === 'other');
  mirror.mayGoOn();
  await waitUntil('nothing is stale', () => stale.size === 0);
  expect(await readFile(inMirror('file'), 'utf8')).toBe('after!');
  await local.stop();
  await mirror.stop();
});

it('stops at once while it waits for a path that others use, and keeps what is left to do', async () => {
  const [local, mirror] = [await treeAt('local'), await slowTree()];
  const stale = journal.staleSet('mirror');
  await writeFile(join(temp.path, 'local', 'busy'), 'content');
  const busy = { kind: 'entry', path: treePath('/busy') } as const;
  stale.mark([busy]);
  let isWaiting = false;
  const reconciler = reconcilerOf(local, mirror, {
    withLock: (_affected, { signal }) => {
      isWaiting = true;
      return orAbort(new Promise<never>(() => {}), signal);
    },
  });
  reconciler.start();
  await waitUntil('the file is read', () => mirror.hasRead);
  stale.mark([busy]);
  mirror.mayGoOn();
  await waitUntil('it wants the file for itself', () => isWaiting);
  expect(await doneWithin(reconciler.stop(), 5000)).toBe(true);
  expect(stale.next(10, new Set()).map(({ affected }) => affected)).toEqual([busy]);
  await local.stop();
  await mirror.stop();
});
