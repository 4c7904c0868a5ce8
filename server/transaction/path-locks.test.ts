import { describe, expect, it } from 'vitest';
import { Cancellation } from '../base/cancellation.ts';
import { AppError } from '../base/errors.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { PathLocks, type Lock, type Release } from './path-locks.ts';

const plain = (path: string): Lock => ({ path: treePath(path), subtree: false });
const subtree = (path: string): Lock => ({ path: treePath(path), subtree: true });

/** Claims and tells whether the claim is granted by now. */
function claim(locks: PathLocks, ...wanted: Lock[]) {
  const state: { release?: Release } = {};
  const granted = locks.acquire(wanted).then((release) => {
    state.release = release;
  });
  return { state, granted };
}

async function turn(): Promise<void> {
  for (let k = 0; k < 5; k += 1) await Promise.resolve();
}

describe('path locks', () => {
  it('let claims on different paths hold at once', async () => {
    const locks = new PathLocks();
    await claim(locks, plain('/a')).granted;
    await claim(locks, plain('/a/b')).granted;
    await claim(locks, subtree('/c')).granted;
    expect(locks.waiting).toBe(0);
  });

  it('keep a second claim on a path waiting until the first is released', async () => {
    const locks = new PathLocks();
    const first = claim(locks, plain('/a'));
    const second = claim(locks, plain('/a'));
    await turn();
    expect(second.state.release).toBeUndefined();
    first.state.release?.();
    await second.granted;
  });

  it('keep everything below a locked subtree waiting, and the subtree behind what is below', async () => {
    const locks = new PathLocks();
    const below = claim(locks, plain('/d/x/y'));
    const tree = claim(locks, subtree('/d'));
    const later = claim(locks, plain('/d/z'));
    const beside = claim(locks, plain('/dd'));
    await turn();
    expect([tree.state.release, later.state.release]).toEqual([undefined, undefined]);
    expect(beside.state.release).toBeDefined();
    below.state.release?.();
    await tree.granted;
    await turn();
    expect(later.state.release).toBeUndefined();
    tree.state.release?.();
    await later.granted;
  });

  it('take several paths at once or none, so that crossing renames never wait for each other', async () => {
    const locks = new PathLocks();
    const first = claim(locks, subtree('/a'), subtree('/b'));
    const crossing = claim(locks, subtree('/b'), subtree('/a'));
    await turn();
    expect(crossing.state.release).toBeUndefined();
    first.state.release?.();
    await crossing.granted;
  });

  it('let nobody overtake an earlier claim that it conflicts with', async () => {
    const locks = new PathLocks();
    const holder = claim(locks, plain('/a'));
    const both = claim(locks, plain('/a'), plain('/b'));
    const late = claim(locks, plain('/b'));
    await turn();
    expect(late.state.release).toBeUndefined();
    holder.state.release?.();
    await both.granted;
    both.state.release?.();
    await late.granted;
  });

  it('lock a file under all of its names by its inode', async () => {
    const locks = new PathLocks();
    const first = claim(locks, { inode: '1:7' });
    const same = claim(locks, { inode: '1:7' });
    await claim(locks, { inode: '1:8' }).granted;
    await turn();
    expect(same.state.release).toBeUndefined();
    first.state.release?.();
    await same.granted;
  });

  it('give a cancelled claim its reason and forget it', async () => {
    const locks = new PathLocks();
    const holder = claim(locks, plain('/a'));
    const cancellation = new Cancellation();
    const waiting = locks.acquire([plain('/a')], cancellation);
    const next = claim(locks, plain('/a'));
    const reason = new AppError('INTERRUPTED');
    cancellation.cancel(reason);
    await expect(waiting).rejects.toBe(reason);
    holder.state.release?.();
    await next.granted;
    expect(locks.waiting).toBe(0);
  });
});
