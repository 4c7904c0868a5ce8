import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemDetailsSchema } from '../../shared/api.ts';
import {
  deliverySchema,
  type NewWebhookView,
  newWebhookViewSchema,
  WEBHOOK_EVENTS,
  webhookListSchema,
  type WebhookView,
} from '../../shared/webhooks.ts';
import { jsonLogger } from '../base/logger.ts';
import { type ApiBench, startApiBench, TEST_TOKEN } from '../testing/api-bench.ts';
import { freePort } from '../testing/free-port.ts';
import type { PlainAnswer } from '../testing/http-request.ts';
import { MemoryControlPlane } from '../testing/memory-control-plane.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { isSignedBy, WebhookReceiver } from '../testing/webhook-receiver.ts';
import { Webhooks } from './webhooks.ts';

const API = '/api/v1/webhooks';

let temp: TempDirectory;
let receiver: WebhookReceiver;
let log: string[];
const logger = jsonLogger('debug', (line) => void log.push(JSON.stringify(line)));

beforeEach(async () => {
  temp = await tempDirectory('webhooks');
  receiver = await WebhookReceiver.start();
  log = [];
});
afterEach(async () => {
  await receiver.stop();
  await temp.remove();
});

describe('webhooks over REST', () => {
  let bench: ApiBench;

  beforeEach(async () => {
    bench = await startApiBench({ statePath: temp.path, logger });
  });
  afterEach(() => bench.stop());

  const post = (path: string, body: unknown = {}, key?: string) =>
    bench.call(API + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key !== undefined && { 'idempotency-key': key }) },
      body: JSON.stringify(body),
    });
  const codeOf = ({ body }: PlainAnswer) => problemDetailsSchema.parse(JSON.parse(body)).code;
  const list = async () => webhookListSchema.parse(JSON.parse((await bench.call(API)).body)).items;
  const changeMode = (reason: string) =>
    bench.controlPlane.publish('appliance.mode', { mode: 'blocked', reason });

  async function made(url = `${receiver.url}/hook?of=me`): Promise<NewWebhookView> {
    const answer = await post('', { url, events: ['appliance.mode'] });
    expect(answer.status).toBe(201);
    return newWebhookViewSchema.parse(JSON.parse(answer.body));
  }

  async function tested({ id }: WebhookView) {
    return deliverySchema.parse(JSON.parse((await post(`/${id}/test`)).body));
  }

  it('tell an address of the events that were chosen, signed', async () => {
    const { id, secret } = await made();
    const mirror = bench.controlPlane.mirror('web1');
    if (mirror) bench.controlPlane.publish('mirror.state', mirror);
    changeMode('web1 is missing');
    await waitUntil('the event arrives', () => receiver.received.length > 0);
    const [first] = receiver.received;
    expect(first?.path).toBe('/hook?of=me');
    expect(first?.message).toMatchObject({
      id: 'boot-1-2',
      event: 'appliance.mode',
      data: { mode: 'blocked', reason: 'web1 is missing' },
      bootId: 'boot-1',
      seq: 2,
    });
    expect(first?.headers).toMatchObject({
      'webhook-id': 'boot-1-2',
      'content-type': 'application/json',
      'user-agent': expect.stringMatching(/^Proxyfs\//) as string,
    });
    expect(Math.abs(Number(first?.headers['webhook-timestamp']) - Date.now() / 1000)).toBeLessThan(60);
    expect(first && isSignedBy(secret, first)).toBe(true);
    expect(first && isSignedBy(`whsec_${Buffer.alloc(32).toString('base64')}`, first)).toBe(false);
    await waitUntil('it is listed', async () => (await list())[0]?.deliveries.length === 1);
    expect(await list()).toMatchObject([
      { id, waiting: 0, dropped: 0, deliveries: [{ id: 'boot-1-2', state: 'delivered', status: 204 }] },
    ]);
  });

  it('know every kind of event that they may be told of', async () => {
    const { url } = receiver;
    expect((await post('', { url, events: WEBHOOK_EVENTS })).status).toBe(201);
    expect((await list())[0]?.events).toEqual(WEBHOOK_EVENTS);
  });

  it('are tried out at once, and tell nothing of the receiver but its status', async () => {
    const webhook = await made();
    receiver.answer = (_request, response) => void response.writeHead(418).end('what-it-serves');
    const refused = await post(`/${webhook.id}/test`);
    expect(deliverySchema.parse(JSON.parse(refused.body))).toMatchObject({
      event: 'webhook.test',
      state: 'failed',
      attempts: 1,
      status: 418,
      error: { code: 'WEBHOOK_REFUSED' },
    });
    expect(refused.body + (await bench.call(API)).body + log.join('')).not.toContain('what-it-serves');
    receiver.refuse(200);
    expect(await tested(webhook)).toMatchObject({ state: 'delivered', status: 200, error: null });
    expect(receiver.received.every((each) => isSignedBy(webhook.secret, each))).toBe(true);
  });

  it('follow no redirect', async () => {
    const other = await WebhookReceiver.start();
    receiver.answer = (_request, response) => void response.writeHead(307, { location: other.url }).end();
    expect(await tested(await made())).toMatchObject({ status: 307, error: { code: 'WEBHOOK_REFUSED' } });
    expect(other.received).toEqual([]);
    await other.stop();
  });

  it('wait for no answer that does not come, nor for the end of one', async () => {
    const webhook = await made();
    receiver.answer = (_request, response) => void response.writeHead(200).write('and so on');
    expect(await tested(webhook)).toMatchObject({ state: 'delivered' });
    receiver.answer = () => {};
    expect(await tested(webhook)).toMatchObject({
      state: 'failed',
      status: null,
      error: { code: 'WEBHOOK_TIMEOUT' },
    });
  }, 15_000);

  it('say how nobody could be reached', async () => {
    const nobody = await made(`http://127.0.0.1:${await freePort()}/`);
    expect((await tested(nobody)).error).toEqual({
      code: 'WEBHOOK_UNREACHABLE',
      message: 'no answer (ECONNREFUSED)',
    });
    const noise = createServer((socket) => void socket.end('220 what-it-serves\r\n')).listen(0, '127.0.0.1');
    await once(noise, 'listening');
    const address = noise.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const answer = await post(`/${(await made(`http://127.0.0.1:${port}/`)).id}/test`);
    expect(answer.body).toContain('WEBHOOK_UNREACHABLE');
    expect(answer.body).not.toContain('what-it-serves');
    noise.close();
    expect((await tested(await made(receiver.url.replace('http:', 'https:')))).error?.code).toBe(
      'WEBHOOK_UNREACHABLE',
    );
  });

  it('tell their secret once, and keep it for their owner alone', async () => {
    const answer = await post('', { url: receiver.url, events: ['job.state'] }, 'k');
    const { id, secret } = newWebhookViewSchema.parse(JSON.parse(answer.body));
    expect(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
    const again = await post('', { url: receiver.url, events: ['job.state'] }, 'k');
    expect([again.status, codeOf(again)]).toEqual([409, 'SECRET_TOLD']);
    expect(await list()).toHaveLength(1);
    const told = [await bench.call(API), await post(`/${id}/test`), await bench.call('/api/v1/diagnostics')];
    for (const { status, body } of told) {
      expect(status).toBe(200);
      expect(body).not.toContain(secret);
    }
    expect(log.join('')).not.toContain(secret);
    expect((await stat(join(temp.path, 'webhooks.json'))).mode & 0o777).toBe(0o600);
  });

  it('outlive a restart, and end when they are removed', async () => {
    const { id, secret } = await made();
    await bench.stop();
    bench = await startApiBench({ statePath: temp.path });
    expect(await list()).toMatchObject([{ id, deliveries: [] }]);
    changeMode('after the restart');
    await waitUntil('the event arrives', () => receiver.received.length > 0);
    expect(receiver.received.map((each) => isSignedBy(secret, each))).toEqual([true]);
    expect((await bench.call(`${API}/${id}`, { method: 'DELETE' })).status).toBe(204);
    changeMode('after the removal');
    expect(await list()).toEqual([]);
    for (const gone of [await bench.call(`${API}/${id}`, { method: 'DELETE' }), await post(`/${id}/test`)])
      expect([gone.status, codeOf(gone)]).toEqual([404, 'RESOURCE_NOT_FOUND']);
    expect(receiver.received).toHaveLength(1);
  });

  it('are no more than ten', async () => {
    for (let count = 0; count < 10; count += 1) await made();
    const answer = await post('', { url: receiver.url, events: ['job.state'] });
    expect([answer.status, codeOf(answer)]).toEqual([409, 'TOO_MANY_WEBHOOKS']);
  });

  it('go to http and https alone, and hold no password', async () => {
    const urls = [
      'ftp://127.0.0.1/',
      'file:///etc/passwd',
      'javascript:alert(1)',
      'http://user:swordfish@127.0.0.1/',
      'http://swordfish@127.0.0.1/',
      'nonsense',
      `http://127.0.0.1/${'x'.repeat(2000)}`,
    ];
    for (const url of urls) {
      const answer = await post('', { url, events: ['job.state'] });
      expect({ url, status: answer.status }).toEqual({ url, status: 400 });
      expect(answer.body).not.toContain('swordfish');
    }
    for (const events of [[], ['log.lines'], undefined])
      expect((await post('', { url: receiver.url, events })).status).toBe(400);
    expect(await list()).toEqual([]);
  });

  it('are noted in the audit, without what they say', async () => {
    const { id } = await made(`${receiver.url}/swordfish`);
    await post(`/${id}/test`);
    await bench.call(`${API}/${id}`, { method: 'DELETE' });
    const { body } = await bench.call('/api/v1/audit');
    expect(JSON.parse(body)).toMatchObject({
      items: [
        { method: 'DELETE', target: id },
        { route: `${API}/{id}/test`, target: id },
        { route: API, fields: ['url', 'events'], status: 201 },
      ],
    });
    expect(body + log.join('')).not.toContain('swordfish');
    expect(body).not.toContain(TEST_TOKEN);
  });
});

describe('deliveries', () => {
  let controlPlane: MemoryControlPlane;
  let webhooks: Webhooks;

  beforeEach(async () => {
    controlPlane = new MemoryControlPlane();
    webhooks = await Webhooks.load({
      file: join(temp.path, 'webhooks.json'),
      controlPlane,
      logger,
      pausesMs: [1, 20],
    });
    webhooks.start();
    await webhooks.create({ url: `${receiver.url}/swordfish`, events: ['appliance.mode'] });
  });
  afterEach(() => webhooks.stop());

  const change = (reason: string) => controlPlane.publish('appliance.mode', { mode: 'blocked', reason });
  const last = () => webhooks.list()[0]?.deliveries[0];

  it('are made again under one id, each attempt signed anew, and in order', async () => {
    receiver.answer = (_request, response) =>
      void response.writeHead(receiver.received.length < 3 ? 503 : 200).end();
    change('first');
    change('second');
    await waitUntil('both are delivered', () => last()?.id === 'boot-1-2');
    expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([
      ...['boot-1-1', 'boot-1-1', 'boot-1-1'],
      'boot-1-2',
    ]);
    expect(webhooks.list()[0]?.deliveries).toMatchObject([
      { id: 'boot-1-2', state: 'delivered', attempts: 1 },
      { id: 'boot-1-1', state: 'delivered', attempts: 3, status: 200, error: null },
    ]);
  });

  it('are given up after the last pause, which the log says without the address', async () => {
    receiver.refuse(500);
    change('first');
    await waitUntil('it is given up', () => last()?.state === 'failed');
    expect(receiver.received).toHaveLength(3);
    expect(last()).toMatchObject({ attempts: 3, status: 500, error: { code: 'WEBHOOK_REFUSED' } });
    expect(log.join('\n')).toMatch(/api\.webhook-failed.*127\.0\.0\.1.*appliance\.mode/);
    expect(log.join('')).not.toContain('swordfish');
    receiver.refuse(200);
    change('second');
    await waitUntil('the next one is delivered', () => last()?.state === 'delivered');
  });

  it('wait behind one that hangs, and of very many the oldest are left out and counted', async () => {
    const hanging: (() => void)[] = [];
    receiver.answer = (_request, response) => void hanging.push(() => response.writeHead(204).end());
    change('held up');
    await waitUntil('the first is under way', () => hanging.length === 1);
    for (let count = 0; count < 103; count += 1) change(`${count}`);
    expect(webhooks.list()).toMatchObject([{ waiting: 100, dropped: 3 }]);
    receiver.refuse(204);
    hanging[0]?.();
    await waitUntil('all are delivered', () => last()?.id === 'boot-1-104');
    expect(receiver.received[1]?.message.data).toMatchObject({ reason: '3' });
    expect(receiver.received).toHaveLength(101);
    expect(webhooks.list()[0]?.deliveries).toHaveLength(10);
  });

  it('end with the appliance, whatever hangs', async () => {
    receiver.answer = () => {};
    change('first');
    change('second');
    await waitUntil('the first is under way', () => receiver.received.length === 1);
    await webhooks.stop();
    change('third');
    expect(webhooks.list()).toMatchObject([{ waiting: 0 }]);
    expect(receiver.events).toEqual(['appliance.mode']);
  });

  it('of a damaged file are none, the file is left as it is, and the log quotes nothing of it', async () => {
    await webhooks.stop();
    const file = join(temp.path, 'webhooks.json');
    const sound = await readFile(file, 'utf8');
    for (const damaged of [sound.slice(0, -9), sound.replace('"whsec_', 'whsec_'), sound.replace('1', '2')]) {
      await writeFile(file, damaged);
      const other = await Webhooks.load({ file, controlPlane, logger });
      expect(other.list()).toEqual([]);
      await expect(other.create({ url: receiver.url, events: ['job.state'] })).rejects.toMatchObject({
        code: 'WEBHOOKS_FAILED',
      });
      expect(await readFile(file, 'utf8')).toBe(damaged);
    }
    expect(log.join('').match(/api\.webhooks-damaged/g)).toHaveLength(3);
    expect(log.join('')).not.toContain('whsec_');
  });
});
