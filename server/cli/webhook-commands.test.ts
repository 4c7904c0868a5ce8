import { afterEach, beforeEach, expect, it } from 'vitest';
import { deliverySchema, webhookListSchema } from '../../shared/webhooks.ts';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import { runRestCommand } from '../testing/run-rest-command.ts';
import { isSignedBy, WebhookReceiver } from '../testing/webhook-receiver.ts';

let bench: ApiBench;
let receiver: WebhookReceiver;

beforeEach(async () => {
  bench = await startApiBench();
  receiver = await WebhookReceiver.start();
});
afterEach(async () => {
  await receiver.stop();
  await bench.stop();
});

const here = (...args: string[]) => runRestCommand(bench.url, ...args);

it('makes a webhook, tries it, lists it without its secret, and removes it', async () => {
  const made = await here('add-webhook', receiver.url, '--event', 'mirror.state', 'job.state');
  const [id = '', secret = ''] = made.out.trim().split(' ');
  expect([made.code, secret]).toEqual([0, expect.stringMatching(/^whsec_/)]);
  expect(await here('test-webhook', id)).toMatchObject({ code: 0, out: 'delivered (204)\n' });
  expect(receiver.received.map((each) => isSignedBy(secret, each))).toEqual([true]);
  const list = await here('webhooks');
  expect(list.out).toMatch(/^ID .*\n\S+ +http:\S+ +mirror\.state job\.state +webhook\.test .* delivered/);
  expect(list.out).not.toContain(secret);
  expect(webhookListSchema.parse(JSON.parse((await here('webhooks', '--json')).out)).items).toHaveLength(1);
  expect(await here('remove-webhook', id)).toMatchObject({ code: 0, out: `${id} is removed\n` });
  expect((await here('remove-webhook', id)).code).toBe(1);
  expect((await here('webhooks')).out).toMatch(/^ID .*\n$/);
});

it('ends with 1 where a delivery is not taken, and says why', async () => {
  const { out } = await here('add-webhook', receiver.url, '--event', 'appliance.mode');
  const [id = ''] = out.split(' ');
  receiver.refuse(500);
  expect(await here('test-webhook', id)).toMatchObject({
    code: 1,
    out: 'failed: the receiver answered 500 (WEBHOOK_REFUSED)\n',
  });
  const asJson = await here('test-webhook', id, '--json');
  expect([asJson.code, deliverySchema.parse(JSON.parse(asJson.out)).status]).toEqual([1, 500]);
});

it('wants events that there are', async () => {
  await expect(here('add-webhook', receiver.url)).rejects.toThrow('exit 2');
  await expect(here('add-webhook', receiver.url, '--event', 'log.lines')).rejects.toThrow('exit 2');
  expect(await here('add-webhook', 'ftp://127.0.0.1/', '--event', 'job.state')).toMatchObject({ code: 1 });
});
