import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AttentionItem } from '../shared/api.ts';
import type { EventBatch, EventEnvelope } from '../shared/events.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { type SmallDisk, smallDisk } from './testing/small-disk.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

const DISK_BYTES = 64 * 1024 * 1024;
/** A required mirror is probed every two seconds; space is asked for four times a minute. */
const NOTICED_WITHIN_MS = 20_000;

let disk: SmallDisk;
let first: SshdMirror;
let second: SshdMirror;
let appliance: ApplianceProcess;
let heard: EventEnvelope[];

beforeAll(async () => {
  disk = smallDisk({ sizeBytes: DISK_BYTES });
  [first, second] = await Promise.all([
    startSshdMirror({ name: 'm1' }),
    startSshdMirror({ name: 'm2', root: disk.path }),
  ]);
  appliance = new ApplianceProcess({ mirrors: [first.config(), second.config({ required: false })] });
  await appliance.start();
  heard = [];
  position = await events('');
  told = await list();
});

afterAll(async () => {
  await appliance?.stop();
  await Promise.all([first?.stop(), second?.stop()]);
  disk?.remove();
});

let position: EventBatch;
/** The list as who has read it once, and then the events, knows it. */
let told: AttentionItem[];

async function events(query: string): Promise<EventBatch> {
  return (await appliance.api(`/api/v1/events${query}`)).body as EventBatch;
}

async function list(): Promise<AttentionItem[]> {
  return ((await appliance.api('/api/v1/attention')).body as { items: AttentionItem[] }).items;
}

/** Goes on by the events, and by them alone, until the list is like that. */
async function becomes(name: string, isSo: (items: readonly AttentionItem[]) => boolean): Promise<void> {
  await waitUntil(
    name,
    async () => {
      position = await events(`?since=${position.seq}&bootId=${position.bootId}&waitSeconds=1`);
      expect(position.reset).toBe(false);
      heard.push(...position.events);
      told = position.events.reduce(folded, told);
      return isSo(told);
    },
    NOTICED_WITHIN_MS,
  );
  expect(told.toSorted(byId)).toEqual((await list()).toSorted(byId));
}

function folded(items: AttentionItem[], { event, data }: EventEnvelope): AttentionItem[] {
  switch (event) {
    case 'attention.opened':
      expect(items.map(({ id }) => id)).not.toContain(data.id);
      return [...items, data];
    case 'attention.changed':
      expect(items.map(({ id }) => id)).toContain(data.id);
      return items.map((item) => (item.id === data.id ? data : item));
    case 'attention.closed':
      expect(items.map(({ id }) => id)).toContain(data.id);
      return items.filter(({ id }) => id !== data.id);
    default:
      return items;
  }
}

function byId(one: AttentionItem, other: AttentionItem): number {
  return one.id.localeCompare(other.id);
}

async function post(path: string, body: object = {}): Promise<void> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  expect((await appliance.api(`/api/v1${path}`, init)).status).toBeLessThan(300);
}

const has = (id: string) => (items: readonly AttentionItem[]) => items.some((item) => item.id === id);
const hasNone = (items: readonly AttentionItem[]) => items.length === 0;

it('tells of a mirror that is lost after its state, and when it is back', async () => {
  expect(told).toEqual([]);
  await first.kill();
  await becomes('m1 needs somebody', has('mirror/m1'));
  expect(told).toMatchObject([{ mirror: 'm1', severity: 'critical' }]);
  const order = heard.map(({ event }) => event).filter((event) => /^(mirror.state|attention)/.test(event));
  expect(order[0]).toBe('mirror.state');
  expect(order).toContain('attention.opened');
  await first.restart();
  await post('/mirrors/m1/retry');
  await becomes('m1 needs nobody', hasNone);
});

it('tells of one that is detached, and that writing is switched off', async () => {
  await post('/mirrors/m2/detach', { reason: 'new disk' });
  await post('/mode', { mode: 'readOnly', reason: 'moving house' });
  await becomes('both need somebody', (items) => items.length === 2);
  expect(told.map(({ code }) => code)).toEqual(['MIRROR_DISABLED', 'READ_ONLY']);
  await post('/mode', { mode: 'readWrite' });
  await post('/mirrors/m2/attach');
  await becomes('nobody is needed', hasNone);
});

it('tells of a job that has failed, until it is done again', async () => {
  await second.kill();
  await becomes('m2 needs somebody', has('mirror/m2'));
  await post('/jobs', { type: 'scrub', mirror: 'm2' });
  await becomes('the scrub has failed', (items) => items.some(({ job }) => job !== undefined));
  await second.restart();
  await post('/mirrors/m2/retry');
  await becomes('m2 is back', (items) => !has('mirror/m2')(items));
  expect(told).toMatchObject([
    { severity: 'warning', message: expect.stringMatching(/^the scrub of \/ on m2/) },
  ]);
  await post('/jobs', { type: 'scrub', mirror: 'm2' });
  await becomes('nobody is needed', hasNone);
});

it('tells of a mirror that has little space left, before anything fails', async () => {
  disk.fill();
  await becomes('m2 has little space', has('space/m2'));
  expect(told).toMatchObject([{ code: 'SPACE_LOW', mirror: 'm2' }]);
  disk.free();
  await becomes('nobody is needed', hasNone);
});
