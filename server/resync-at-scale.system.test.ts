import { mkdir, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import type { MirrorView } from '../shared/api.ts';
import type { AffectedPath } from './filesystem/affected-path.ts';
import { treePath } from './filesystem/tree-path.ts';
import { Journal } from './journal/journal.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type MountCall, MountWorker } from './testing/mount-worker.ts';
import { noneLeft } from './testing/none-left.ts';
import { differencesOf, everyMirrorInSync } from './testing/replicas.ts';
import { highestMemoryBytes } from './testing/resident-memory.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';
import { figure } from './testing/figure.ts';

const STALE_PATHS = Number(process.env['PROXYFS_TEST_STALE_PATHS'] ?? 20_000);
const FILES = Number(process.env['PROXYFS_TEST_FILES'] ?? 1500);
const MEMORY_BOUND_BYTES = 250 * 1024 ** 2;
const FILES_EACH = 100;
/** Of the stale paths every so many names a file that the mirror lacks; the others are gone everywhere. */
const LACKING_EVERY = 50;
const MARKED_AT_ONCE = 10_000;
const FILE_BYTES = 4096;
/** So slow that there is time to write meanwhile. */
const BYTES_PER_SECOND = 1024 ** 2;
/** Far below any deadline: nobody waits for the mirrors that catch up. */
const CALL_BOUND_MS = 4000;
const LOOK_EVERY_CALLS = 20;
const SETTLED_LIMIT_MS = 10_000;
const LIMIT_MS = 3_600_000;

let mirrors: SshdMirror[] = [];
let appliance: ApplianceProcess | undefined;
const worker = new MountWorker();

afterEach(async () => {
  worker.stop();
  await appliance?.stop();
  for (const mirror of mirrors) await mirror.stop();
});

async function expectAllEqual(localPath: string): Promise<void> {
  const replicas = [localPath, ...mirrors.map(({ root }) => root)];
  await noneLeft(() => differencesOf(replicas), SETTLED_LIMIT_MS);
}

/** The path of each, in directories of a hundred. */
function nameOf(k: number): string {
  return `directory-${Math.floor(k / FILES_EACH)}/file-${k}`;
}

async function plant(root: string, count: number, every = 1): Promise<void> {
  for (let k = 0; k < count; k += 1) {
    if (k % FILES_EACH === 0) await mkdir(join(root, `directory-${k / FILES_EACH}`));
    if (k % every === 0) await writeFile(join(root, nameOf(k)), Buffer.alloc(FILE_BYTES, k % 251));
  }
}

/** As an appliance leaves it behind whose mirror was away. */
async function markStale(localPath: string, count: number): Promise<void> {
  const journal = await Journal.open(join(localPath, '.proxyfs/journal'));
  for (let from = 0; from < count; from += MARKED_AT_ONCE) {
    const paths = Array.from(
      { length: Math.min(MARKED_AT_ONCE, count - from) },
      (_, k): AffectedPath => ({ kind: 'entry', path: treePath(`/${nameOf(from + k)}`) }),
    );
    journal.staleSet('m1').mark(paths);
    await journal.flushed();
  }
  await journal.close();
}

it(
  'catches up with very many paths in bounded memory',
  async () => {
    mirrors = [await startSshdMirror({ name: 'm1' })];
    appliance = new ApplianceProcess({
      mirrors: mirrors.map((mirror) => mirror.config({ required: false })),
    });
    await appliance.prepare();
    await plant(appliance.localPath, STALE_PATHS, LACKING_EVERY);
    await appliance.start();
    await everyMirrorInSync(appliance, LIMIT_MS);
    await appliance.terminate();
    const root = mirrors[0]?.root ?? '';
    for (let k = 0; k < STALE_PATHS; k += LACKING_EVERY) await unlink(join(root, nameOf(k)));
    await markStale(appliance.localPath, STALE_PATHS);
    appliance.launch();
    const started = appliance;
    const highestBytes = await highestMemoryBytes(started.pid, async () => {
      await started.ready(LIMIT_MS);
      await everyMirrorInSync(started, LIMIT_MS);
    });
    figure(`${STALE_PATHS} stale paths: ${Math.round(highestBytes / 1024 ** 2)} MiB at most`);
    expect(highestBytes).toBeLessThan(MEMORY_BOUND_BYTES);
    await expectAllEqual(started.localPath);
  },
  LIMIT_MS,
);

/** One after the other, all kinds of changes, also to files that are just being copied. */
function callOf(k: number): MountCall {
  const own = `own-${Math.floor(k / 5)}`;
  const calls: MountCall[] = [
    { call: 'create', path: own },
    { call: 'write', path: own, offset: 0, sizeBytes: 3000, fill: 'o' },
    { call: 'write', path: nameOf((k * 7) % FILES), offset: 100, sizeBytes: 500, fill: 'w' },
    { call: 'rename', path: own, to: `directory-0/${own}` },
    { call: 'truncate', path: nameOf((k * 11) % FILES), sizeBytes: 50 },
  ];
  return calls[k % calls.length] as MountCall;
}

it(
  'lets writers go on while two mirrors are filled',
  async () => {
    mirrors = await Promise.all(['m1', 'm2', 'm3'].map((name) => startSshdMirror({ name })));
    const slow = { required: false, bandwidthLimit: BYTES_PER_SECOND };
    appliance = new ApplianceProcess({
      mirrors: mirrors.map((mirror, index) => mirror.config(index === 0 ? {} : slow)),
    });
    await appliance.prepare();
    await plant(appliance.localPath, FILES);
    const [, ...absent] = mirrors;
    for (const mirror of absent) await mirror.kill();
    await appliance.start();
    const started = appliance;
    const view = async (name: string) => (await started.api(`/api/v1/mirrors/${name}`)).body as MirrorView;
    await waitUntil('m1 is in sync', async () => (await view('m1')).content === 'in-sync', LIMIT_MS);
    worker.start();
    for (const mirror of absent) {
      await mirror.restart();
      await started.api(`/api/v1/mirrors/${mirror.name}/retry`, { method: 'POST' });
    }
    const isFilling = async () =>
      (await Promise.all(['m2', 'm3'].map(view))).every(({ content }) => content === 'resyncing');
    await waitUntil('both are being filled', isFilling);
    let calls = 0;
    let slowestMs = 0;
    for (; calls % LOOK_EVERY_CALLS > 0 || (await isFilling()); calls += 1) {
      const answer = await worker.call(started.mountPoint, callOf(calls));
      expect(answer, JSON.stringify(callOf(calls))).toMatchObject({ ok: true });
      slowestMs = Math.max(slowestMs, answer.elapsedMs);
    }
    figure(`${calls} calls while two mirrors were filled, the slowest ${Math.round(slowestMs)} ms`);
    expect(calls).toBeGreaterThan(LOOK_EVERY_CALLS);
    expect(slowestMs).toBeLessThan(CALL_BOUND_MS);
    await everyMirrorInSync(started, LIMIT_MS);
    await expectAllEqual(started.localPath);
  },
  LIMIT_MS,
);
