import { lstat, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Cancellation } from '../base/cancellation.ts';
import { AppError, hasCode } from '../base/errors.ts';
import type { Operation } from '../filesystem/operation.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { Engine, type DirectoryMirror } from '../testing/engine.ts';
import { operationsOn, plantTree } from '../testing/planted-tree.ts';
import type { Step } from './step.ts';

const p = treePath;

const CASES = Object.entries(operationsOn(''));

let engine: Engine;

beforeEach(async () => {
  engine = await Engine.start();
  for (const root of engine.roots) await plantTree(root);
});

afterEach(() => engine.stop());

/** What the trees were, apart from directory mtimes, which undoing can't keep on a mirror before it is healed. */
async function fingerprint(root: string): Promise<string> {
  const copy = join(engine.base, 'as-planted');
  await mkdir(copy, { recursive: true });
  if (!(await lstat(join(copy, 'file')).catch(() => undefined))) await plantTree(copy);
  return (await compareTrees([copy, root], { ignoreDirectoryTimes: true })).join('\n');
}

async function expectUnchanged(mirrors: readonly DirectoryMirror[]): Promise<void> {
  for (const root of [engine.localRoot, ...mirrors.map((mirror) => mirror.root)])
    expect(await fingerprint(root)).toBe('');
}

async function expectAllEqual(): Promise<void> {
  await engine.heal();
  expect(await compareTrees(engine.roots)).toEqual([]);
}

function mirror(index: 0 | 1 | 2): DirectoryMirror {
  const found = engine.mirrors[index];
  if (!found) throw new Error('three mirrors');
  return found;
}

describe.each(CASES)('%s', (_title, operation) => {
  it('is on every replica when the call returns', async () => {
    await engine.coordinator.run(operation);
    expect(engine.mirrors.map(({ stale }) => stale.size)).toEqual([0, 0, 0]);
    expect(await compareTrees(engine.roots, { ignoreDirectoryTimes: true, ignoreFileTimes: true })).toEqual(
      [],
    );
    await expectAllEqual();
    expect(await fingerprint(engine.localRoot)).not.toBe('');
  });

  it('is on none when one mirror refuses it', async () => {
    mirror(1).tree.fail('refused');
    await expect(engine.coordinator.run(operation)).rejects.toSatisfy((error) => hasCode(error, 'NO_SPACE'));
    await expectUnchanged(engine.mirrors);
    await expectAllEqual();
  });

  it('is on none when one mirror is lost before it, and that one is equal when it is back', async () => {
    mirror(1).tree.linked = false;
    await expect(engine.coordinator.run(operation)).rejects.toSatisfy((error) =>
      hasCode(error, 'MIRROR_UNREACHABLE'),
    );
    await expectUnchanged([mirror(0), mirror(2)]);
    await expectAllEqual();
    await expectUnchanged(engine.mirrors);
  });

  it('is on none when one mirror is lost after carrying it out, and that one is put right when it is back', async () => {
    const { tree } = mirror(1);
    tree.fail('lost-after');
    engine.step = (step, { mirror: name }) => {
      if (step === 'mirror-applying' && name === 'm2') setImmediate(() => (tree.linked = false));
      return Promise.resolve();
    };
    await expect(engine.coordinator.run(operation)).rejects.toSatisfy((error) =>
      hasCode(error, 'MIRROR_UNREACHABLE'),
    );
    await expectUnchanged([mirror(0), mirror(2)]);
    expect(mirror(1).inSync).toBe(false);
    await expectAllEqual();
    await expectUnchanged(engine.mirrors);
  });

  it('succeeds when an attempt worked unheard and the next one finds its work done', async () => {
    mirror(0).tree.fail('lost-after');
    mirror(2).tree.fail('lost-before');
    await engine.coordinator.run(operation);
    // The unanswered request may be worked off late, so its paths are looked at once more.
    expect(engine.mirrors.map(({ suspects }) => suspects.length > 0)).toEqual([true, false, true]);
    await expectAllEqual();
    expect(await fingerprint(engine.localRoot)).not.toBe('');
  });

  it('goes on without a mirror that is not required, which catches up', async () => {
    mirror(1).required = false;
    mirror(1).tree.linked = false;
    await engine.coordinator.run(operation);
    expect(mirror(1).stale.size).toBeGreaterThan(0);
    expect(await fingerprint(mirror(1).root)).toBe('');
    await expectAllEqual();
    expect(await fingerprint(mirror(1).root)).not.toBe('');
  });

  it('is on none when the caller gives up while a mirror is silent', async () => {
    mirror(1).tree.fail('silent');
    const cancellation = new Cancellation();
    engine.step = (step, { mirror: name }) => {
      if (step === 'mirror-applying' && name === 'm2')
        setImmediate(() => cancellation.cancel(new AppError('INTERRUPTED')));
      return Promise.resolve();
    };
    await expect(engine.coordinator.run(operation, { cancellation })).rejects.toSatisfy((error) =>
      hasCode(error, 'INTERRUPTED'),
    );
    await expectUnchanged(engine.mirrors);
    expect(mirror(1).inSync).toBe(false);
  });

  const failing: Step[] = ['intent-noted', 'mirror-applied', 'all-mirrors-applied'];
  it.each(failing)('is on none when step %s fails', async (at) => {
    engine.step = (step) =>
      step === at ? Promise.reject(new AppError('INPUT_OUTPUT', 'injected')) : Promise.resolve();
    await expect(engine.coordinator.run(operation)).rejects.toSatisfy((error) =>
      hasCode(error, 'INPUT_OUTPUT'),
    );
    await expectUnchanged(engine.mirrors);
    await expectAllEqual();
  });
});

describe('an operation that the local tree refuses', () => {
  const refused: [string, Operation, string][] = [
    ['a file that exists', { kind: 'create', path: p('/file'), mode: 0o644 }, 'ALREADY_EXISTS'],
    ['a file in no directory', { kind: 'create', path: p('/none/file'), mode: 0o644 }, 'NOT_FOUND'],
    ['a file below a file', { kind: 'create', path: p('/file/below'), mode: 0o644 }, 'NOT_A_DIRECTORY'],
    ['removing a directory that is not empty', { kind: 'rmdir', path: p('/dir') }, 'NOT_EMPTY'],
    ['unlinking a directory', { kind: 'unlink', path: p('/dir') }, 'IS_A_DIRECTORY'],
    ['removing a file as a directory', { kind: 'rmdir', path: p('/file') }, 'NOT_A_DIRECTORY'],
    [
      'renaming a directory into itself',
      { kind: 'rename', path: p('/dir'), to: p('/dir/below/x') },
      'INVALID_ARGUMENT',
    ],
    ['renaming over a full directory', { kind: 'rename', path: p('/empty'), to: p('/dir') }, 'NOT_EMPTY'],
    [
      'renaming a file over a directory',
      { kind: 'rename', path: p('/file'), to: p('/empty') },
      'IS_A_DIRECTORY',
    ],
    [
      'renaming a directory over a file',
      { kind: 'rename', path: p('/empty'), to: p('/file') },
      'NOT_A_DIRECTORY',
    ],
    [
      'writing to a directory',
      { kind: 'write', path: p('/dir'), offset: 0, data: Buffer.from('x') },
      'IS_A_DIRECTORY',
    ],
    ['linking a directory', { kind: 'link', path: p('/dir'), to: p('/link') }, 'NOT_PERMITTED'],
  ];

  it.each(refused)('%s gets its errno without a word to any mirror', async (_title, operation, code) => {
    for (const { tree } of engine.mirrors) tree.fail('silent');
    await expect(engine.coordinator.run(operation)).rejects.toMatchObject({ code });
    await expectUnchanged(engine.mirrors);
    expect(engine.journal.intents.size).toBe(0);
  });
});

describe('the coordinator', () => {
  it('keeps writes to one file in one order on every replica, also under two names', async () => {
    const writes = Array.from({ length: 60 }, (_, k): Operation => {
      const path = p(k % 2 === 0 ? '/linked' : '/dir/linked-too');
      return { kind: 'write', path, offset: 0, data: Buffer.alloc(5000, `${k % 10}`) };
    });
    await Promise.all(writes.map((write) => engine.coordinator.run(write)));
    const contents = await Promise.all(engine.roots.map((root) => readFile(join(root, 'linked'), 'utf8')));
    expect(new Set(contents).size).toBe(1);
    await expectAllEqual();
  });

  it('lets no further caller wait through a whole schedule once a mirror is known to be down', async () => {
    mirror(0).tree.linked = false;
    const attempts: number[] = [];
    engine.coordinator.events.on('ended', (ended) => {
      const part = ended.snapshot().participants.find(({ mirror: name }) => name === 'm1');
      attempts.push(part?.attempt ?? 0);
    });
    const chmod: Operation = { kind: 'chmod', path: p('/file'), mode: 0o600 };
    await expect(engine.coordinator.run(chmod)).rejects.toThrow();
    await expect(engine.coordinator.run(chmod)).rejects.toThrow();
    expect(attempts).toEqual([2, 1]);
  });

  it('shows a pause before the next attempt, which retry-now ends', async () => {
    Object.assign(engine.policy, { waitMs: [60_000] });
    mirror(0).tree.fail('lost-before');
    const retrying = new Promise<void>((resolve) => {
      engine.coordinator.events.on('changed', (transaction) => {
        const part = transaction.snapshot().participants.find(({ mirror: name }) => name === 'm1');
        if (part?.state === 'retrying') resolve();
      });
    });
    const running = engine.coordinator.run({ kind: 'chmod', path: p('/file'), mode: 0o600 });
    await retrying;
    const [shown] = engine.coordinator.inFlight();
    expect(shown?.participants.find(({ mirror: name }) => name === 'm1')).toMatchObject({
      attempt: 1,
      attempts: 2,
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(engine.coordinator.find(shown?.id ?? '')?.retryNow()).toBe(true);
    await running;
    await expectAllEqual();
  });

  it('leaves a name alone that a mirror holds and the local tree does not', async () => {
    await writeFile(join(mirror(1).root, 'dir/strange'), 'somebody else wrote this');
    const create: Operation = { kind: 'create', path: p('/dir/strange'), mode: 0o644 };
    await expect(engine.coordinator.run(create)).rejects.toThrow();
    expect(await readFile(join(mirror(1).root, 'dir/strange'), 'utf8')).toBe('somebody else wrote this');
    expect(await lstat(join(mirror(0).root, 'dir/strange')).catch(() => 'gone')).toBe('gone');
  });
});

describe('a local tree that went away', () => {
  it('never makes a mirror lose what is missing there', async () => {
    const { tree, stale, root } = mirror(1);
    await rename(join(engine.localRoot, '.proxyfs'), join(engine.base, 'kept'));
    await rm(engine.localRoot, { recursive: true });
    await mkdir(engine.localRoot);
    stale.mark([
      { kind: 'entry', path: p('/file') },
      { kind: 'tree', path: p('/dir') },
    ]);
    await expect(mirror(1).ready()).rejects.toThrow();
    expect(tree.linked).toBe(true);
    expect(await readFile(join(root, 'file'), 'utf8')).toBe('old content\n');
    expect(await readFile(join(root, 'dir/below/deep'), 'utf8')).toBe('deep');
  });
});
