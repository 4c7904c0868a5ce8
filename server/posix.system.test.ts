import { chmod } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { compareTrees } from './testing/compare-trees.ts';
import type { MountDriver } from './testing/mounted-tree.ts';
import { exceptionsOf } from './testing/posix-exceptions.ts';
import { type BehaviourOutcome, posixTable, runPosixTable, unwantedBelow } from './testing/posix-table.ts';
import { smallDisk } from './testing/small-disk.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

const SETTLED_LIMIT_MS = 20_000;
/** Of a run of the whole table, on a machine with other work. */
const RUN_LIMIT_MS = 300_000;
/** Sparse: only what is written takes room. */
const DISK_BYTES = 2 * 1024 ** 3;
const NAMES = posixTable();

interface Run {
  readonly outcomes: ReadonlyMap<string, BehaviourOutcome>;
  /** Between the replicas, afterwards. */
  readonly differences: readonly string[];
  readonly unwanted: readonly string[];
}

describe('a plain directory', () => {
  let outcomes: Run['outcomes'];

  beforeAll(async () => {
    // What a container has below /tmp may know less than a disk.
    const disk = smallDisk({ sizeBytes: DISK_BYTES, kind: 'ext4' });
    try {
      // Other users must get in.
      for (let path = disk.path; path !== tmpdir(); path = dirname(path)) await chmod(path, 0o755);
      outcomes = await runPosixTable(disk.path);
    } finally {
      disk.remove();
    }
  }, RUN_LIMIT_MS);

  it.each(NAMES)('%s', (name) => expectPassed(outcomes.get(name)));
});

describe.each([
  { driver: 'kernel', mirrors: 2 },
  { driver: 'fuse-native', mirrors: 1 },
] satisfies { driver: MountDriver; mirrors: number }[])(
  'a mount by the $driver driver, mirrored $mirrors times',
  ({ driver, mirrors }) => {
    const exceptions = exceptionsOf(driver);
    let run: Run;

    beforeAll(async () => {
      run = await runOnMount(driver, mirrors);
    }, RUN_LIMIT_MS);

    for (const name of NAMES) {
      const exception = exceptions.get(name);
      if (!exception) {
        it(name, () => expectPassed(run.outcomes.get(name)));
      } else if (!exception.uncertain) {
        const expected = { passed: false, ...(exception.errno && { errno: exception.errno }) };
        it(`not: ${name} (${exception.reason})`, () =>
          expect(run.outcomes.get(name)).toMatchObject(expected));
      }
    }

    it('has exceptions to behaviours of the table only', () => {
      expect([...exceptions.keys()].filter((name) => !NAMES.includes(name))).toEqual([]);
    });

    it('leaves the local directory and every mirror equal', () => {
      expect(run.differences).toEqual([]);
    });

    it('leaves nothing anywhere of what SFTP has no form for', () => {
      expect(run.unwanted).toEqual([]);
    });
  },
);

function expectPassed(outcome: BehaviourOutcome | undefined): void {
  expect(outcome?.message).toBeUndefined();
  expect(outcome).toMatchObject({ passed: true });
}

async function runOnMount(driver: MountDriver, mirrors: number): Promise<Run> {
  const servers: SshdMirror[] = [];
  while (servers.length < mirrors) servers.push(await startSshdMirror({ name: `m${servers.length + 1}` }));
  const appliance = new ApplianceProcess({
    mirrors: servers.map((server) => server.config()),
    configuration: { mount: { driver } },
  });
  try {
    await appliance.start();
    // Other users must get as far as the mount.
    await chmod(dirname(appliance.mountPoint), 0o755);
    const outcomes = await runPosixTable(appliance.mountPoint);
    const replicas = [appliance.localPath, ...servers.map(({ root }) => root)];
    const unwanted = await Promise.all(replicas.map(unwantedBelow));
    return { outcomes, differences: await lastingDifferences(replicas), unwanted: unwanted.flat() };
  } finally {
    await appliance.stop();
    for (const server of servers) await server.stop();
  }
}

/** Times follow a moment after what they belong to. */
async function lastingDifferences(replicas: readonly string[]): Promise<string[]> {
  let last: string[] = [];
  const areEqual = async () => (last = await compareTrees(replicas)).length === 0;
  await waitUntil('all replicas are equal', areEqual, SETTLED_LIMIT_MS).catch(() => {});
  return last;
}
