import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventEnvelope } from '../../shared/events.ts';
import type { JobView } from '../../shared/jobs.ts';
import { silentLogger } from '../base/logger.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { MemoryJobs } from '../testing/memory-jobs.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { PathLocks } from '../transaction/path-locks.ts';
import { Transaction } from '../transaction/transaction.ts';
import { Attention } from './attention.ts';
import { EventRing } from './event-ring.ts';
import { History } from './history.ts';
import { serverNeeds } from './mirror-needs.ts';
import { MirrorSet } from './mirror-set.ts';
import { Mode } from './mode.ts';

/** As many as the history lets wait for its disk. */
const WAITING_ROWS = 10_000;
const GIB = 1024 ** 3;

let temp: TempDirectory;
let history: History;
let ring: EventRing;
let mode: Mode;
let jobs: MemoryJobs;
let attention: Attention;
let told: EventEnvelope[];

beforeEach(async () => {
  temp = await tempDirectory('attention');
  history = await History.open(join(temp.path, 'history'), silentLogger);
  const make = (): never => {
    throw new Error('there are no mirrors');
  };
  const mirrors = new MirrorSet({ configurations: [], make, locks: new PathLocks() });
  ring = new EventRing();
  mode = new Mode(mirrors);
  mode.events.on('changed', (state) => ring.emit('appliance.mode', state));
  jobs = new MemoryJobs();
  told = [];
  ring.on((envelope) => told.push(envelope));
  attention = new Attention({ mirrors, mode, jobs, history, space: new Map(), ring });
  attention.start();
  mode.enter('running', 'mounted');
  await Promise.resolve();
});
afterEach(async () => {
  attention.stop();
  await history.close();
  await temp.remove();
});

/** What is listed and what has been told since the last call, when all that has happened is known. */
async function seen(): Promise<{ listed: string[]; events: string[] }> {
  await Promise.resolve();
  const events = told.splice(0).map(({ event, data }) => `${event} ${'id' in data ? data.id : ''}`.trim());
  return { listed: [...attention.items].map(({ id }) => id), events };
}

function job(id: string, change: Partial<JobView>): JobView {
  jobs.begins = change;
  const view = {
    ...jobs.start({ type: 'scrub', path: '/', compare: 'quick', repair: false, confirm: false }),
    id,
  };
  jobs.views.delete(`job-${jobs.requests.length}`);
  jobs.views.set(id, view);
  ring.emit('job.state', view);
  return view;
}

describe('what needs a person', () => {
  it('is that writing is switched off, told after the mode, until it is on again', async () => {
    await seen();
    mode.setWritesOff('moving house');
    expect(await seen()).toEqual({ listed: ['mode'], events: ['appliance.mode', 'attention.opened mode'] });
    expect([...attention.items]).toMatchObject([
      { code: 'READ_ONLY', severity: 'warning', message: expect.stringContaining('moving house') },
    ]);
    mode.setWritesOff(undefined);
    expect(await seen()).toEqual({ listed: [], events: ['appliance.mode', 'attention.closed mode'] });
  });

  it('is told once while it stays as it is, and as a change where it says something else', async () => {
    const failed = job('first', { state: 'failed', error: { code: 'MIRROR_TIMEOUT', message: 'slow' } });
    expect((await seen()).events).toContain('attention.opened job/first');
    ring.emit('job.state', failed);
    expect((await seen()).events).toEqual(['job.state first']);
    jobs.views.set('first', { ...failed, error: { code: 'MIRROR_TIMEOUT', message: 'slower' } });
    ring.emit('job.state', failed);
    expect((await seen()).events).toEqual(['job.state first', 'attention.changed job/first']);
    expect([...attention.items]).toMatchObject([{ job: 'first', message: expect.stringMatching(/slower$/) }]);
  });

  it('is a job that has failed, until a later one of its kind is at the same', async () => {
    job('first', { state: 'failed', path: '/shop' });
    job('elsewhere', { state: 'done', path: '/blog' });
    job('other', { state: 'done', type: 'resync' });
    expect((await seen()).listed).toEqual(['job/first']);
    job('again', { state: 'running' });
    expect((await seen()).listed).toEqual([]);
    job('again', { state: 'failed' });
    expect((await seen()).listed).toEqual(['job/again']);
    job('gone', { state: 'failed', mirror: 'removed' });
    expect((await seen()).listed).toEqual(['job/again']);
  });

  it('is a history that lacks transactions', async () => {
    // All in one turn: the disk has none to take them in.
    for (let k = 0; k <= WAITING_ROWS; k += 1) end(k);
    ring.emit('counters', { ...history.counters, inFlight: 0 });
    expect(await seen()).toMatchObject({ listed: ['history'] });
    expect([...attention.items]).toMatchObject([{ code: 'HISTORY_INCOMPLETE' }]);
  });

  it('is nothing of what a stop brings about', async () => {
    mode.setWritesOff('moving house');
    await seen();
    mode.enter('stopping', 'asked to stop');
    expect(await seen()).toEqual({ listed: ['mode'], events: ['appliance.mode'] });
  });
});

describe('what a server needs a person for', () => {
  const space = (freeBytes: number, totalBytes: number) => ({
    capabilities: undefined,
    space: { freeBytes, totalBytes, freeFiles: undefined, readOnly: false },
  });
  const codes = (server: Parameters<typeof serverNeeds>[1], isOpen = false) =>
    serverNeeds('web1', server, () => isOpen).map(({ code }) => code);

  it('is little space, by its size, and for a while longer than it is little', () => {
    expect(codes(space(0.9 * GIB, 1000 * GIB))).toEqual(['SPACE_LOW']);
    expect(codes(space(1.1 * GIB, 1000 * GIB))).toEqual([]);
    expect(codes(space(1.1 * GIB, 1000 * GIB), true)).toEqual(['SPACE_LOW']);
    expect(codes(space(1.3 * GIB, 1000 * GIB), true)).toEqual([]);
    expect(codes(space(0.2 * GIB, 2 * GIB))).toEqual([]);
    expect(codes(space(0.05 * GIB, 2 * GIB))).toEqual(['SPACE_LOW']);
    expect(codes(space(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY))).toEqual([]);
  });

  it('is a clock that is off, and nothing else that it lacks', () => {
    const capabilities = {
      atomicRename: false,
      fsync: false,
      hardLinks: false,
      lsetstat: false,
      statvfs: false,
      owners: false,
      maxWriteBytes: 32_768,
      writable: true,
      clockAheadMs: 2000,
      bootId: undefined,
    };
    expect(codes({ capabilities, space: undefined })).toEqual([]);
    const needs = serverNeeds(
      'web1',
      { capabilities: { ...capabilities, clockAheadMs: -90_000 }, space: undefined },
      () => false,
    );
    expect(needs).toMatchObject([
      { code: 'CLOCK_OFF', mirror: 'web1', message: 'web1: its clock is 90.0 s behind' },
    ]);
  });
});

function end(k: number): void {
  const operation = { kind: 'unlink', path: treePath(`/f${k}`) } as const;
  const transaction = new Transaction(`ab12-${k}`, operation, { onChange: () => {} });
  for (const state of ['applying', 'committing', 'committed'] as const) transaction.enter(state);
  history.add(transaction);
}
