import { utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../base/errors.ts';
import { jsonLogger } from '../base/logger.ts';
import { DiskMirror } from '../testing/disk-mirror.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { LEASE_FILE, LEASE_TIMES, leaseText, parsedLease } from './lease.ts';
import { MirrorLease } from './mirror-lease.ts';

const ELSEWHERE = { host: 'elsewhere', pid: 17, bootId: 'theirs' };
const { renewMs, apartMs, freshMs, expiryMs } = LEASE_TIMES;
const HERE = { host: 'here', pid: 17, bootId: 'ours' };

const LEASE = { setId: 'set', generation: 1, replica: 'm1', renewals: 0, released: false };

let temp: TempDirectory;
let tree: DiskMirror;
let lost: AppError[];
let logged: string[];
let noted: number[];

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  temp = await tempDirectory('lease');
  tree = new DiskMirror(temp.path);
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
    times: LEASE_TIMES,
    onLost: (error) => lost.push(error),
  });
}

async function taken(startId: string, holder = HERE): Promise<MirrorLease> {
  const lease = leaseOf(startId, holder);
  await lease.check();
  await lease.take();
  return lease;
}

/** As one does who has waited long enough. */
async function takeOver(startId: string, holder = HERE): Promise<void> {
  const lease = leaseOf(startId, holder);
  await tree.overwriteReserved(LEASE_FILE, leaseText({ ...LEASE, startId, holder }));
  await lease.check();
  await lease.take();
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
    for (let look = 0; look < 8; look++) {
      expect(await outcome(ours.check())).toBe('MIRROR_HELD');
      vi.advanceTimersByTime(renewMs);
      await theirs.renew();
    }
    expect(await outcome(ours.check())).toBe('MIRROR_HELD');
    vi.advanceTimersByTime(expiryMs);
    expect(await outcome(ours.check())).toBe('done');
    // What its holder has begun may still be on its way.
    expect(await outcome(ours.take())).toBe('MIRROR_HELD');
    vi.advanceTimersByTime(apartMs - 1);
    expect(await outcome(ours.check())).toBe('MIRROR_HELD');
    vi.advanceTimersByTime(1);
    expect(await outcome(ours.check().then(() => ours.take()))).toBe('done');
    expect(logged.join()).toMatch(/"level":"warn","event":"lease-taken-over".*"host":"elsewhere"/);
  });

  it('is lapsed for its holder before anything is changed by who takes it over, whatever the clocks say', async () => {
    const theirs = await taken('theirs', ELSEWHERE);
    const ours = leaseOf('ours');
    await outcome(ours.check());
    await utimes(join(temp.path, '.proxyfs', LEASE_FILE), 0, 0);
    vi.advanceTimersByTime(apartMs);
    await ours.check();
    expect([await outcome(ours.take()), theirs.lapse]).toEqual(['MIRROR_HELD', undefined]);
    vi.advanceTimersByTime(apartMs);
    await ours.check();
    await ours.take();
    expect([ours.lapse, theirs.lapse?.code]).toEqual([undefined, 'MIRROR_UNREACHABLE']);
  });

  it('that came between the look and the taking is left alone', async () => {
    const ours = leaseOf('ours');
    await ours.check();
    await taken('theirs', ELSEWHERE);
    expect([await outcome(ours.take()), (await standing())?.startId]).toEqual(['MIRROR_HELD', 'theirs']);
  });

  it('is made by one of two that saw none, and whole by who made it', async () => {
    const both = [leaseOf('ours'), leaseOf('theirs', ELSEWHERE)];
    await Promise.all(both.map((lease) => lease.check()));
    const outcomes = await Promise.all(both.map((lease) => outcome(lease.take())));
    expect(outcomes.toSorted()).toEqual(['MIRROR_HELD', 'done']);
    const maker = both[outcomes.indexOf('done')];
    await maker?.renew();
    expect([maker?.lapse, lost]).toEqual([undefined, []]);
  });

  it('that is just being written is left alone, and taken over where it stays empty', async () => {
    await tree.createReserved(LEASE_FILE, Buffer.alloc(0));
    const ours = leaseOf('ours');
    expect(await outcome(ours.check())).toBe('MIRROR_HELD');
    vi.advanceTimersByTime(expiryMs);
    await ours.check();
    expect(await outcome(ours.take())).toBe('MIRROR_HELD');
    vi.advanceTimersByTime(apartMs);
    expect(await outcome(ours.check().then(() => ours.take()))).toBe('done');
  });

  it('is free at once when it was given back', async () => {
    await (await taken('theirs', ELSEWHERE)).release();
    expect(await outcome(leaseOf('ours').check())).toBe('done');
  });

  it('is not given back by one who has lost it', async () => {
    const theirs = await taken('theirs', ELSEWHERE);
    await takeOver('ours');
    await theirs.release();
    expect(await standing()).toMatchObject({ startId: 'ours', released: false });
  });
});

describe('our lease', () => {
  it('that was taken over is found out at the next renewal, loudly, and not taken back', async () => {
    const ours = await taken('ours');
    await takeOver('theirs', ELSEWHERE);
    expect(await outcome(ours.renew())).toBe('MIRROR_HELD');
    expect(lost.map(({ code }) => code)).toEqual(['MIRROR_HELD']);
    expect(logged.join()).toContain('"level":"error","event":"lease-lost"');
    expect([ours.lapse?.code, (await standing())?.startId]).toEqual(['MIRROR_UNREACHABLE', 'theirs']);
  });

  it('is not renewed after a pause in which somebody else may have come: the link ends, and it is looked at anew', async () => {
    const ours = await taken('ours');
    vi.advanceTimersByTime(freshMs - 1);
    expect(ours.lapse).toBeUndefined();
    vi.advanceTimersByTime(1);
    const before = await standing();
    expect(await outcome(ours.renew())).toBe('MIRROR_UNREACHABLE');
    expect([lost.map(({ code }) => code), await standing()]).toEqual([['MIRROR_UNREACHABLE'], before]);
    await ours.check();
    await ours.take();
    expect(ours.lapse).toBeUndefined();
  });

  it('lapses when the machine slept, which only the clock on the wall shows', async () => {
    const ours = await taken('ours');
    vi.setSystemTime(Date.now() + freshMs);
    expect(ours.lapse?.code).toBe('MIRROR_UNREACHABLE');
  });

  it('goes on where the server refuses to write, for as long as it is looked at', async () => {
    const ours = await taken('ours');
    vi.spyOn(tree, 'overwriteReserved').mockRejectedValue(new AppError('NO_SPACE'));
    for (let renewal = 0; renewal < 10; renewal++) {
      vi.advanceTimersByTime(renewMs);
      await ours.renew();
    }
    expect(logged.join()).toContain('lease-not-written');
    vi.advanceTimersByTime(apartMs - 1);
    expect(ours.lapse).toBeUndefined();
    vi.advanceTimersByTime(1);
    expect(ours.lapse?.code).toBe('MIRROR_UNREACHABLE');
  });

  it('is unsure where the mirror can’t be reached', async () => {
    const ours = await taken('ours');
    vi.spyOn(tree, 'readReserved').mockRejectedValue(new AppError('MIRROR_UNREACHABLE'));
    expect(await outcome(ours.renew())).toBe('MIRROR_UNREACHABLE');
    expect([ours.lapse, lost]).toEqual([undefined, []]);
    vi.advanceTimersByTime(freshMs);
    expect(ours.lapse?.code).toBe('MIRROR_UNREACHABLE');
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
