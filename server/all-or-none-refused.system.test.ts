import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MirroredAppliance } from './testing/mirrored-appliance.ts';
import { MUTATION_NAMES, type MutationName, mutationsIn } from './testing/mutations.ts';
import { expectDone, expectRefused } from './testing/refused-mutation.ts';
import { type SmallDisk, smallDisk } from './testing/small-disk.ts';
import { waitUntil } from './testing/wait-until.ts';

const MARKER = { call: 'create', path: 'marker' } as const;
const MIB = 1024 * 1024;

let stand: MirroredAppliance;

function others(names: readonly MutationName[]): MutationName[] {
  return MUTATION_NAMES.filter((name) => !names.includes(name));
}

/** What was refused can be done once the mirror allows it, and all replicas are what they are to be. */
async function expectAllWorksAgain(names: readonly MutationName[]): Promise<void> {
  await waitUntil('a file can be made', async () => (await stand.inMount(MARKER)).ok);
  await stand.inExpected(MARKER);
  await stand.expectTimesOfLocal();
  await stand.expectAllEqual();
  for (const mutation of mutationsIn('area', names)) await expectDone(stand, mutation);
  await stand.expectTimesOfLocal();
  await stand.expectAllEqual();
}

describe('with the disk of one of three mirrors', () => {
  let disk: SmallDisk;
  const ballast = () => join(dirname(disk.path), 'ballast');

  function withDisk(inodes: number): void {
    beforeAll(async () => {
      disk = smallDisk({ kind: 'ext4', sizeBytes: 24 * MIB, inodes });
      stand = await MirroredAppliance.start({ areas: ['area'], secondRoot: disk.path });
    });
    afterAll(async () => {
      await stand.stop();
      disk.remove();
    });
  }

  describe('full', () => {
    withDisk(1024);
    const NEED_SPACE: MutationName[] = ['mkdir', 'long symlink', 'append beyond a block', 'big write'];

    it('takes what is left of it', () => disk.fill());

    it.each(mutationsIn('area', NEED_SPACE))(
      '$name is refused with ENOSPC and changes nothing',
      async (mutation) => {
        await expectRefused(stand, 'area', mutation, { errno: /^ENOSPC$/, code: /^NO_SPACE$/ });
      },
    );

    it.each(mutationsIn('area', others(NEED_SPACE)))(
      '$name needs no space and is done everywhere',
      async (mutation) => {
        await expectDone(stand, mutation);
      },
    );

    it('works again when there is space', async () => {
      disk.free();
      await expectAllWorksAgain(NEED_SPACE);
    });
  });

  describe('out of inodes', () => {
    withDisk(1024);
    const NEED_INODES: MutationName[] = ['create', 'mkdir', 'symlink', 'long symlink'];

    it('takes what is left of them', () => {
      mkdirSync(ballast());
      const fill = () => {
        for (let k = 0; ; k += 1) writeFileSync(join(ballast(), String(k)), '');
      };
      expect(fill).toThrow(/ENOSPC/);
    });

    it.each(mutationsIn('area', NEED_INODES))(
      '$name is refused with ENOSPC and changes nothing',
      async (mutation) => {
        await expectRefused(stand, 'area', mutation, { errno: /^ENOSPC$/, code: /^NO_SPACE$/ });
      },
    );

    it.each(mutationsIn('area', others(NEED_INODES)))(
      '$name needs none and is done everywhere',
      async (mutation) => {
        await expectDone(stand, mutation);
      },
    );

    it('works again when there are some', async () => {
      rmSync(ballast(), { recursive: true });
      await expectAllWorksAgain(NEED_INODES);
    });
  });

  describe('remounted read-only', () => {
    withDisk(1024);

    it('is read-only', () => disk.remountReadOnly());

    it.each(mutationsIn('area'))('$name is refused with EROFS and changes nothing', async (mutation) => {
      await expectRefused(stand, 'area', mutation, { errno: /^EROFS$/, code: /^READ_ONLY$/ });
    });

    it('has been left as it was, except that links can only be proven by making them', async () => {
      // Nothing was changed there: comparing proves it, and only hard links can't be compared by SFTP: the two names of
      // the file that a rename was to replace, and whether they are linked with others.
      expect((await stand.secondMirror()).stalePaths).toBeLessThanOrEqual(4);
    });

    it('is refused with EROFS also after the link was lost', async () => {
      stand.link.reset();
      const [mutation] = mutationsIn('area');
      if (mutation) await expectRefused(stand, 'area', mutation, { errno: /^EROFS$/, code: /^READ_ONLY$/ });
    });

    it('works again when it is writable', async () => {
      disk.remountReadWrite();
      await expectAllWorksAgain(MUTATION_NAMES);
    });
  });

  describe('holding directories that must not be changed', () => {
    withDisk(1024);
    const NAMES: MutationName[] = MUTATION_NAMES.filter((name) => !CHANGES_FILE.includes(name));

    it('refuses changes of names', () => setImmutable(disk.path, true));

    it.each(mutationsIn('area', NAMES))(
      '$name is refused with EACCES and changes nothing',
      async (mutation) => {
        await expectRefused(stand, 'area', mutation, {
          errno: /^(EACCES|EPERM)$/,
          code: /^(ACCESS_DENIED|NOT_PERMITTED)$/,
        });
      },
    );

    it('works again when they may', async () => {
      setImmutable(disk.path, false);
      await expectAllWorksAgain(NAMES);
    });
  });
});

const CHANGES_FILE: MutationName[] = [
  'append beyond a block',
  'big write',
  'overwrite',
  'shrink a file',
  'grow a file',
  'chmod',
  'chown',
  'times',
];

describe('with one of three mirrors refusing a kind of request', () => {
  beforeAll(async () => {
    stand = await MirroredAppliance.start({ areas: ['area', 'unhindered'] });
  });
  afterAll(() => stand.stop());

  interface Case {
    readonly flags: string;
    readonly names: readonly MutationName[];
    readonly errno: RegExp;
    readonly code: RegExp;
  }
  const DENIED = { errno: /^EACCES$/, code: /^ACCESS_DENIED$/ };
  const CASES: readonly Case[] = [
    { flags: '-P mkdir,rmdir,symlink', names: ['mkdir', 'rmdir', 'symlink', 'long symlink'], ...DENIED },
    { flags: '-P hardlink', names: ['link'], errno: /^(EPERM|EOPNOTSUPP|ENOTSUP)$/, code: /^NOT_SUPPORTED$/ },
    {
      flags: '-P setstat,lsetstat',
      names: ['chmod', 'chown', 'times', 'mkdir'],
      errno: /^(EACCES|EPERM)$/,
      code: /^(ACCESS_DENIED|NOT_PERMITTED)$/,
    },
    { flags: '-P fsetstat', names: ['shrink a file', 'grow a file'], ...DENIED },
    { flags: '-P write', names: ['append beyond a block', 'big write', 'overwrite'], ...DENIED },
    { flags: '-P open', names: ['append beyond a block', 'create', 'overwrite'], ...DENIED },
    {
      flags: '-P posix-rename',
      names: ['rename a file', 'rename over a file', 'unlink'],
      errno: /^EIO$/,
      code: /^MIRROR_UNSUITABLE$/,
    },
    { flags: '-R', names: MUTATION_NAMES, errno: /^(EIO|EROFS)$/, code: /^(MIRROR_UNSUITABLE|READ_ONLY)$/ },
  ];

  for (const { flags, names, ...refusal } of CASES) {
    it(`sftp-server ${flags}: ${names.length > 6 ? 'everything' : names.join(', ')} refused, nothing changed`, async () => {
      await stand.second.restart({ sftpFlags: flags });
      await waitUntil('the appliance has met the changed server', async () => {
        await stand.nudge('m2');
        const { link, reason } = await stand.secondMirror();
        return link === 'up' || refusal.code.test(reason?.code ?? '');
      });
      for (const mutation of mutationsIn('area', names))
        await expectRefused(stand, 'area', mutation, refusal);
    });
  }

  it('sftp-server -P remove: removing is done all the same, by moving aside', async () => {
    await stand.second.restart({ sftpFlags: '-P remove' });
    await stand.nudge('m2');
    await stand.backInSync();
    for (const mutation of mutationsIn('unhindered')) await expectDone(stand, mutation);
    await stand.expectTimesOfLocal();
  });

  it('works again when nothing is refused', async () => {
    await stand.second.restart({ sftpFlags: '' });
    await expectAllWorksAgain(MUTATION_NAMES);
  });
});

/** Of the directories only: their names stay, their files may change. */
function setImmutable(root: string, immutable: boolean): void {
  const script = `find "$0/area" -type d -exec chattr ${immutable ? '+i' : '-i'} {} +`;
  execFileSync('/bin/sh', ['-c', script, root]);
}
