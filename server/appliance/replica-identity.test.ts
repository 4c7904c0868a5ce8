import { cp, link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { Excludes } from '../filesystem/excludes.ts';
import { includedLocalPart, includedPart } from '../filesystem/included-part.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { Journal } from '../journal/journal.ts';
import { DiskMirror } from '../testing/disk-mirror.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { beginExcludes } from './begin-excludes.ts';
import { LEASE_TIMES } from './lease.ts';
import { MirrorLease } from './mirror-lease.ts';
import { ReplicaIdentity } from './replica-identity.ts';

/** One start of an appliance whose tree and journal are in directories of this name. */
interface Start {
  /** `ground`: by default the directory may be a mirror. */
  admit(ground?: Promise<void>): Promise<string>;
  readonly identity: ReplicaIdentity;
  readonly lease: MirrorLease;
  readonly filled: () => boolean;
  end(): Promise<void>;
}

let temp: TempDirectory;
let mirror: DiskMirror;
const running: Start[] = [];

beforeEach(async () => {
  temp = await tempDirectory('identity');
  for (const name of ['a', 'mirror']) await mkdir(join(temp.path, name, 'tree'), { recursive: true });
  mirror = new DiskMirror(join(temp.path, 'mirror/tree'));
});

afterEach(async () => {
  for (const start of running.splice(0)) await start.end();
  await temp.remove();
});

function treeAt(name: string): LocalTree {
  const root = join(temp.path, name, 'tree');
  return new LocalTree(root, join(root, '.proxyfs'));
}

async function start(name: string, exclude: readonly string[] = []): Promise<Start> {
  const journal = await Journal.open(join(temp.path, name, 'journal'));
  let isOpen = true;
  const end = async () => {
    if (isOpen) await journal.close();
    isOpen = false;
  };
  const excludes = new Excludes(exclude);
  const local = treeAt(name);
  const identity = new ReplicaIdentity(includedLocalPart(local, excludes), journal, excludes);
  try {
    await identity.begin();
    await beginExcludes({ journal, local, excludes, mirrors: ['m1'], logger: silentLogger });
  } catch (error) {
    await end();
    throw error;
  }
  let filled = false;
  const lease = new MirrorLease({
    mirror: 'm1',
    tree: mirror,
    owner: identity.owner,
    count: { known: journal.mirror('m1')?.renewals ?? 0, note: (count) => journal.noteRenewals('m1', count) },
    logger: silentLogger,
    times: LEASE_TIMES,
    onLost: () => {},
  });
  const markAllStale = () => Promise.resolve(void (filled = true));
  const started: Start = {
    admit: (ground = Promise.resolve()) =>
      identity
        .admit({ mirror: 'm1', tree: includedPart(mirror, excludes), lease, ground, markAllStale })
        .then(
          () => 'admitted',
          (error: { code: string }) => error.code,
        ),
    identity,
    lease,
    filled: () => filled,
    end,
  };
  running.push(started);
  return started;
}

/** Starts, is let in, and stops in good order; true where all of the mirror is stale. */
async function run(name: string, exclude?: readonly string[]): Promise<boolean> {
  const started = await start(name, exclude);
  expect(await started.admit()).toBe('admitted');
  await started.lease.release();
  await started.end();
  return started.filled();
}

const copy = (from: string, to: string) =>
  cp(join(temp.path, from), join(temp.path, to), { recursive: true, force: true });
const write = (name: string, file: string, text: string) =>
  writeFile(join(temp.path, name, 'tree', file), text);

async function leave(place: 'undo' | 'staging'): Promise<string> {
  const directory = join(temp.path, 'mirror/tree/.proxyfs', place);
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, 'left'), 'put aside when the link was lost');
  return directory;
}

it('clears what a lost link has left put aside on a mirror that comes back', async () => {
  const started = await start('a');
  await started.admit();
  const undo = await leave('undo');
  const staging = await leave('staging');
  await started.admit();
  expect(await readdir(undo)).toEqual([]);
  expect(await readdir(staging)).toEqual([]);
});

/** Gives up the test where what is to be asked together is asked one after the other. */
function together(
  names: readonly ('readReserved' | 'stat' | 'list' | 'createReserved' | 'writeReserved')[],
): void {
  const called = names.map((name) => {
    const real = mirror[name].bind(mirror) as (...args: unknown[]) => never;
    return new Promise<void>((resolve) => {
      vi.spyOn(mirror, name).mockImplementation((...args: unknown[]) => {
        resolve();
        if (name === 'list') return real(...args);
        return Promise.all(called).then(() => real(...args)) as never;
      });
    });
  });
}

it('asks whether a mirror is empty together with who it belongs to', async () => {
  together(['readReserved', 'stat', 'list']);
  expect(await (await start('a')).admit()).toBe('admitted');
});

it('prepares the identity while it takes the lease, and puts none where it does not get it', async () => {
  together(['createReserved', 'writeReserved']);
  expect(await (await start('a')).admit()).toBe('admitted');
  vi.restoreAllMocks();
  await rm(join(temp.path, 'mirror/tree/.proxyfs'), { recursive: true });
  await copy('a', 'b');
  vi.spyOn(mirror, 'createReserved').mockResolvedValue(false);
  expect(await (await start('b')).admit()).toBe('MIRROR_HELD');
  expect(await mirror.readReserved('replica.json')).toBeUndefined();
});

it('clears and writes nothing on a mirror of another set', async () => {
  await mirror.writeReserved('replica.json', Buffer.from('{"setId":"other","replica":"m1","generation":1}'));
  const undo = await leave('undo');
  expect(await (await start('a')).admit()).toBe('FOREIGN_REPLICA');
  expect(await readdir(undo)).toEqual(['left']);
  expect(await mirror.readReserved('lease.json')).toBeUndefined();
});

it('changes nothing and knows nothing of a directory that may be no mirror', async () => {
  await write('a', 'file', 'content');
  const started = await start('a');
  const refused = Promise.reject(new AppError('MIRROR_UNSUITABLE', 'it lies inside another replica'));
  expect([await started.admit(refused), started.filled()]).toEqual(['MIRROR_UNSUITABLE', false]);
  expect(await readdir(join(temp.path, 'mirror/tree'))).toEqual([]);
  expect([await started.admit(), started.filled()]).toEqual(['admitted', true]);
});

it('writes nothing to a mirror of unknown origin that it refuses', async () => {
  await write('mirror', 'theirs', 'not ours');
  expect(await (await start('a')).admit()).toBe('ADOPTION_NEEDED');
  expect(await readdir(join(temp.path, 'mirror/tree'))).toEqual(['theirs']);
});

it('takes the lease of a mirror that is adopted, and fills it', async () => {
  await write('mirror', 'theirs', 'not ours');
  const started = await start('a');
  started.identity.adoptIf('m1', () => Promise.resolve(true));
  expect([await started.admit(), started.filled()]).toEqual(['admitted', true]);
  expect([started.lease.lapse, await (await start('a')).admit()]).toEqual([undefined, 'MIRROR_HELD']);
});

it('fills an empty mirror, and lets it in again at each start without another look', async () => {
  await write('a', 'file', 'content');
  const first = await start('a');
  const expectFilling = vi.spyOn(mirror, 'expectFilling');
  expect([await first.admit(), first.filled()]).toEqual(['admitted', true]);
  expect(expectFilling).toHaveBeenCalledTimes(1);
  await write('mirror', 'file', 'content');
  await first.lease.release();
  await first.end();
  for (let restart = 0; restart < 3; restart++) {
    // Differs now, which nobody but a scrub would look for.
    await write('mirror', 'file', `other ${restart}`);
    const next = await start('a');
    expect([await next.admit(), next.filled()]).toEqual(['admitted', false]);
    await next.lease.release();
    await next.end();
  }
});

describe('a mirror that a newer run of the appliance has used', () => {
  beforeEach(async () => {
    await run('a');
    await copy('a', 'older');
    await write('a', 'file', 'newer');
    await run('a');
    await write('mirror', 'file', 'newer');
    await run('a');
  });

  it('refuses the older copy of it, however often that starts', async () => {
    const codes: string[] = [];
    for (let restart = 0; restart < 4; restart++) {
      const older = await start('older');
      codes.push(await older.admit());
      await older.end();
    }
    expect(codes).toEqual(['ROLLED_BACK', 'ADOPTION_NEEDED', 'ADOPTION_NEEDED', 'ADOPTION_NEEDED']);
    expect(await readdir(join(temp.path, 'mirror/tree'))).toContain('file');
    await run('a');
  });

  it('takes the older copy after its .proxyfs was removed and it was made equal', async () => {
    await rm(join(temp.path, 'mirror/tree/.proxyfs'), { recursive: true });
    await rm(join(temp.path, 'mirror/tree/file'));
    await run('older');
  });

  it('is refused by a tree that is older than its journal', async () => {
    await copy('older/tree/.proxyfs', 'a/tree/.proxyfs');
    await expect(start('a')).rejects.toMatchObject({ code: 'LOCAL_UNKNOWN' });
  });
});

it('refuses a copy that was made while the last run went on, unless the mirror is equal all the same', async () => {
  await run('a');
  const long = await start('a');
  expect(await long.admit()).toBe('admitted');
  await copy('a', 'older');
  for (let renewal = 0; renewal < 20; renewal++) await long.lease.renew();
  await write('mirror', 'file', 'written since');
  await long.lease.release();
  const older = await start('older');
  expect(await older.admit()).toBe('ADOPTION_NEEDED');
  await rm(join(temp.path, 'mirror/tree/file'));
  expect(await older.admit()).toBe('admitted');
  expect(await long.admit()).toBe('MIRROR_HELD');
});

it('is not let in while a running one holds the mirror, and changes nothing there', async () => {
  const held = await start('a');
  await held.admit();
  await copy('a', 'b');
  const before = await mirror.readReserved('lease.json');
  // Both are this process; what tells them apart is the start.
  expect(await (await start('b')).admit()).toBe('MIRROR_HELD');
  expect((await mirror.readReserved('lease.json'))?.equals(before ?? Buffer.alloc(0))).toBe(true);
  await held.lease.release();
});

it('refuses a local tree that has lost its identity', async () => {
  await run('a');
  await rm(join(temp.path, 'a/tree/.proxyfs'), { recursive: true });
  await expect(start('a')).rejects.toMatchObject({ code: 'LOCAL_UNKNOWN' });
});

describe('an identity of another format', () => {
  const file = (replica: string) => join(temp.path, replica, 'tree/.proxyfs/replica.json');
  const change = async (replica: string, format: number | undefined) =>
    writeFile(
      file(replica),
      JSON.stringify({ ...(JSON.parse(await readFile(file(replica), 'utf8')) as object), format }),
    );

  it('is that of today where it has none yet', async () => {
    await run('a');
    for (const replica of ['a', 'mirror']) await change(replica, undefined);
    expect(await run('a')).toBe(false);
    expect(JSON.parse(await readFile(file('a'), 'utf8'))).toMatchObject({ format: 1 });
  });

  it('is refused where it is newer, and left as it is', async () => {
    await run('a');
    await change('mirror', 2);
    const started = await start('a');
    expect(await started.admit()).toBe('STATE_NEWER');
    await started.end();
    await change('a', 2);
    const before = await Promise.all(['a', 'mirror'].map((replica) => readFile(file(replica), 'utf8')));
    await expect(start('a')).rejects.toMatchObject({ code: 'STATE_NEWER' });
    expect(await Promise.all(['a', 'mirror'].map((replica) => readFile(file(replica), 'utf8')))).toEqual(
      before,
    );
  });
});

describe('when something else is excluded than before', () => {
  const CACHE = ['cache/'];

  /** The mirror is let in while `exclude` holds; both have a cache of their own then. */
  async function withCaches(exclude: readonly string[]): Promise<void> {
    await run('a', exclude);
    for (const root of ['a', 'mirror']) await mkdir(join(temp.path, root, 'tree/cache'));
    await write('a', 'cache/ours', 'ours');
  }

  it('meets a mirror for the first time without what is excluded', async () => {
    await mkdir(join(temp.path, 'mirror/tree/cache'));
    await write('mirror', 'cache/theirs', 'not ours');
    expect(await run('a', CACHE)).toBe(true);
  });

  it('compares everything once when something comes back in', async () => {
    await withCaches(CACHE);
    expect([await run('a'), await run('a')]).toEqual([true, false]);
  });

  it('leaves what is excluded from now on as it is, and compares nothing', async () => {
    await withCaches([]);
    expect(await run('a', CACHE)).toBe(false);
  });

  it('compares what was excluded for a while in which the mirror was away', async () => {
    await withCaches([]);
    await (await start('a', CACHE)).end();
    expect([await run('a'), await run('a')]).toEqual([true, false]);
  });

  it('refuses to remove what was never ours, unless it is adopted', async () => {
    await withCaches(CACHE);
    await write('mirror', 'cache/theirs', 'not ours');
    const started = await start('a');
    expect([await started.admit(), started.filled()]).toEqual(['ADOPTION_NEEDED', false]);
    started.identity.adoptIf('m1', () => Promise.resolve(true));
    expect([await started.admit(), started.filled()]).toEqual(['admitted', true]);
  });

  it('refuses a file of which one name alone is excluded', async () => {
    await withCaches([]);
    await link(join(temp.path, 'a/tree/cache/ours'), join(temp.path, 'a/tree/other'));
    await expect(start('a', CACHE)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/\/cache\/ours and \/other/) as unknown,
    });
    await (await start('a', ['cache/', 'other'])).end();
    // A mirror may be added later.
    const journal = await Journal.open(join(temp.path, 'no mirrors'));
    const excludes = new Excludes(CACHE);
    const begun = beginExcludes({ journal, local: treeAt('a'), excludes, mirrors: [], logger: silentLogger });
    await expect(begun).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
    await journal.close();
  });
});
