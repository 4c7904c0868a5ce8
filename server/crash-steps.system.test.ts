import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { compareTrees } from './testing/compare-trees.ts';
import { CrashStand } from './testing/crash-stand.ts';
import {
  directoryOf,
  MUTATION_NAMES,
  type Mutation,
  mutationsIn,
  type MutationName,
  seedMutations,
} from './testing/mutations.ts';
import { runCommand } from './testing/run-command.ts';
import type { Step } from './transaction/step.ts';

/** The command kills itself at this step of this call. */
interface KillCase {
  readonly step: Step;
  readonly mutation: Mutation;
  /** Only there that step counts. */
  readonly mirror?: string;
  /** The third mirror refuses the call. */
  readonly refused?: boolean;
  /** Whether the local tree has it by then, and so every replica afterwards. */
  readonly committed: boolean;
}

const EVERYWHERE: readonly Step[] = ['local-committed', 'answering'];
const UNDOING: readonly Step[] = ['undoing', 'mirror-undoing', 'mirror-undone', 'undone'];

/** The kernel makes several requests of a big write, each a transaction of its own. */
const SINGLE = MUTATION_NAMES.filter((name) => name !== 'big write');

/** Of every operation, the two moments that differ most; of every other step, some operations. */
const WANTED: readonly (readonly [Step, readonly MutationName[]])[] = [
  ['mirror-applied', SINGLE],
  ['local-committed', SINGLE],
  ['locked', ['create']],
  ['checked', ['rename a directory']],
  ['intent-noted', ['mkdir', 'overwrite']],
  ['mirror-applying', ['unlink', 'chown']],
  ['all-mirrors-applied', ['rename over a file', 'grow a file', 'rmdir']],
  ['answering', ['unlink a hard link', 'times', 'shrink a file']],
  ['undoing', ['overwrite', 'rename over a hard link']],
  ['mirror-undoing', ['unlink', 'create', 'rename a directory']],
  ['mirror-undone', ['rename over a file', 'grow a file']],
  ['undone', ['unlink a hard link', 'link']],
];

const CASES = WANTED.flatMap(([step, names]) =>
  mutationsIn(step, names).map((mutation) => killCase(step, mutation)),
);

function killCase(step: Step, mutation: Mutation): KillCase {
  const refused = UNDOING.includes(step);
  const committed = EVERYWHERE.includes(step);
  // Of the other mirrors some will have it by then and some will not.
  return { step, mutation, refused, committed, ...(step.startsWith('mirror-') && { mirror: 'm2' }) };
}

let stand: CrashStand;

beforeAll(async () => {
  stand = await CrashStand.make();
  for (const [area, names] of WANTED) await seed(area, names);
  expect(await runCommand('rsync', ['-aH', `${stand.localPath}/`, stand.expected])).toMatchObject({
    code: 0,
  });
  await stand.start();
  await stand.inSync();
});

async function seed(area: string, names: readonly MutationName[]): Promise<void> {
  await mkdir(join(stand.localPath, area));
  await seedMutations(stand.localPath, area);
  const unused = MUTATION_NAMES.filter((name) => !names.includes(name));
  for (const name of unused) await rm(join(stand.localPath, directoryOf(area, name)), { recursive: true });
}

/** Where a case has failed half-way. */
afterEach(async () => {
  await stand.killAt(undefined);
  if (stand.appliance.pid === undefined) await stand.start();
});

afterAll(() => stand.stop());

/** What the case's directory holds that it must not: the replicas are compared with each other, then with what was expected. */
async function wrongIn({ step, mutation, committed }: KillCase): Promise<string[]> {
  const directory = directoryOf(step, mutation.name);
  if (committed) await stand.worker.call(stand.expected, mutation.call);
  const replicas = stand.replicas.map((root) => join(root, directory));
  const among = await compareTrees(replicas);
  const times = { ignoreDirectoryTimes: true, ignoreFileTimes: committed };
  return [
    ...among,
    ...(await compareTrees([join(stand.expected, directory), ...replicas.slice(0, 1)], times)),
  ];
}

async function refuseOnThird({ path }: Mutation['call']): Promise<() => void> {
  const changes = [
    'open',
    'remove',
    'rename',
    'posix-rename',
    'hardlink',
    'mkdir',
    'rmdir',
    'setstat',
    'lsetstat',
    'fsetstat',
    'write',
    'symlink',
  ] as const;
  const rule = stand.third.script({ kind: changes, path: `/${path}`, times: 1000, action: { status: 3 } });
  return () => rule.cancel();
}

describe('kill -9 of the real command', () => {
  const titled = CASES.map((one) => [`${one.step} of ${one.mutation.name}`, one] as const);

  it.each(titled)('at %s: everywhere or nowhere after the restart', async (_title, killed) => {
    const { step, mutation, mirror } = killed;
    const { operation, call } = mutation;
    const serveAgain = killed.refused ? await refuseOnThird(call) : () => {};
    await stand.killAt({ step, operation, path: `/${call.path}`, action: 'kill', ...(mirror && { mirror }) });
    expect(await stand.worker.call(stand.mountPoint, call)).toMatchObject({ ok: false });
    expect(await stand.appliance.exited(5000)).toMatchObject({ signal: 'SIGKILL' });
    serveAgain();
    await stand.killAt(undefined);
    await stand.start();
    await stand.inSync();
    expect(await wrongIn(killed)).toEqual([]);
  });

  it('leaves nothing behind, and nothing to a further start', async () => {
    await stand.appliance.kill9();
    await stand.start();
    await stand.inSync();
    expect(await stand.differences()).toEqual([]);
    expect(stand.appliance.log.last('recovered')).toBeUndefined();
    expect(await stand.appliance.terminate()).toBe(0);
    expect(await stand.differences()).toEqual([]);
  });
});
