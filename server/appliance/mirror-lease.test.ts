import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../base/errors.ts';
import { jsonLogger } from '../base/logger.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { FaultyTree } from '../testing/faulty-tree.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { EXPIRY_MS, LEASE_FILE, parsedLease, RENEW_MS } from './lease.ts';
import { MirrorLease } from './mirror-lease.ts';

const ELSEWHERE = { host: 'elsewhere', pid: 17, bootId: 'theirs' };
const HERE = { host: 'here', pid: 17, bootId: 'ours' };

let temp: TempDirectory;
let tree: FaultyTree;
let lost: AppError[];
let logged: string[];
let noted: number[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  temp = await tempDirectory('lease');
  tree = new FaultyTree(new LocalTree(temp.path, join(temp.path, '.proxyfs')));
  [lost, logged, noted] = [[], [], []];
});
afterEach(async () => {
  vi.useRealTimers();
  await temp.remove();
});

function leaseOf(startId: string, holder: typeof HERE = HERE, mirror = 'm1'): MirrorLease {
  return new MirrorLease({
    mirror,
    tree,
    owner: { setId: 'set', generation: 1, startId, holder },
    count: { known: 0, note: (count) => Promise.resolve(void noted.push(count)) },
    logger: jsonLogger('info', (line) => logged.push(line)),
    onLost: (error) => lost.push(error),
  });
}

async function taken(startId: string, holder = HERE): Promise<MirrorLease> {
  const lease = leaseOf(startId, holder);
  await lease.check();
  await lease.take();
  return lease;
}

const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: AppError) => error.code,
  );
const standing = async () => parsedLease((await tree.readReserved(LEASE_FILE)) ?? Buffer.alloc(0));

describe('somebody else’s lease', () => {
  it('is respected while it is renewed, and taken over with a word when it is not', async () => {
    const theirs = await taken('theirs', ELSEWHERE);
    const ours = leaseOf('ours');
    for (let look = 0; look < 3; look++) {
      expect(await outcome(ours.check())).toBe('MIRROR_HELD');
      vi.advanceTimersByTime(EXPIRY_MS);
      await theirs.renew();
    }
    expect(await outcome(ours.check())).toBe('MIRROR_HELD');
    vi.advanceTimersByTime(EXPIRY_MS);
    expect(await outcome(ours.check())).toBe('done');
    await ours.take();
    expect(logged.join()).toMatch(/"level":"warn","event":"lease-taken-over".*"host":"elsewhere"/);
  });

  it('is free at once when it was given back', async () => {
    await (await taken('theirs', ELSEWHERE)).release();
    expect(await outcome(leaseOf('ours').check())).toBe('done');
  });

  it('is not given back by one who has lost it', async () => {
    const theirs = await taken('theirs', ELSEWHERE);
    await leaseOf('ours').take();
    await theirs.release();
    expect(await standing()).toMatchObject({ startId: 'ours', released: false });
  });
});

describe('our lease', () => {
  it('that was taken over is found out at the next renewal, loudly, and not taken back', async () => {
    const ours = await taken('ours');
    await leaseOf('theirs', ELSEWHERE).take();
    expect(await outcome(ours.renew())).toBe('MIRROR_HELD');
    expect(lost.map(({ code }) => code)).toEqual(['MIRROR_HELD']);
    expect(logged.join()).toContain('"level":"error","event":"lease-lost"');
    expect([ours.isFresh, (await standing())?.startId]).toEqual([false, 'theirs']);
  });

  it('is not counted on after a pause in which it was not renewed, until it is', async () => {
    const ours = await taken('ours');
    vi.advanceTimersByTime(RENEW_MS);
    expect(ours.isFresh).toBe(true);
    vi.advanceTimersByTime(EXPIRY_MS - RENEW_MS - 1);
    expect(ours.isFresh).toBe(false);
    await ours.renew();
    expect(ours.isFresh).toBe(true);
  });

  it('is still ours where the server refuses to write, and unsure where it can’t be reached', async () => {
    const ours = await taken('ours');
    vi.advanceTimersByTime(EXPIRY_MS);
    const refuse = vi.spyOn(tree, 'overwriteReserved').mockRejectedValue(new AppError('READ_ONLY'));
    await ours.renew();
    expect(ours.isFresh).toBe(true);
    refuse.mockRestore();
    tree.linked = false;
    vi.advanceTimersByTime(EXPIRY_MS);
    expect(await outcome(ours.renew())).toBe('MIRROR_UNREACHABLE');
    expect([ours.isFresh, lost]).toEqual([false, []]);
  });

  it('says so where two mirrors are one directory', async () => {
    await taken('ours');
    await expect(leaseOf('ours', HERE, 'm2').check()).rejects.toMatchObject({
      code: 'MIRROR_UNSUITABLE',
      message: expect.stringContaining('m2 and m1 are one directory'),
    });
  });

  it('never counts more renewals on the mirror than were noted before', async () => {
    const ours = await taken('ours');
    for (let renewal = 0; renewal < 20; renewal++) {
      await ours.renew();
      expect((await standing())?.renewals).toBeLessThanOrEqual(noted.at(-1) ?? 0);
    }
    expect(noted.length).toBeLessThan(6);
  });
});
