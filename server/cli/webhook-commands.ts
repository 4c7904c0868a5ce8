import { Option } from 'commander';
import {
  type Delivery,
  deliverySchema,
  newWebhookViewSchema,
  WEBHOOK_EVENTS,
  type WebhookEvent,
  webhookListSchema,
  type WebhookView,
} from '../../shared/webhooks.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { EXIT_CODES } from './exit-codes.ts';
import type { RestCommands, RestOptions } from './rest-command.ts';
import { table } from './table.ts';

/** Adds what makes, lists, tries and removes webhooks of the running appliance. */
export function addWebhooks(commands: RestCommands): void {
  commands.add('webhooks', 'list the addresses that are told of events').action((options: RestOptions) =>
    commands.run(options, async (client) => {
      const value = await client.get('/webhooks', webhookListSchema);
      return { value, text: webhooksText(value.items) };
    }),
  );
  addChanges(commands);
  commands
    .add('test-webhook <id>', 'send an address one delivery now; ends with 1 where it is not taken')
    .action((id: string, options: RestOptions) =>
      commands.run(options, async (client) => {
        const value = await client.post(`/webhooks/${encodeURIComponent(id)}/test`, {}, deliverySchema);
        const exitCode = value.state === 'delivered' ? EXIT_CODES.ok : EXIT_CODES.failure;
        return { value, text: `${visibleText(deliveryText(value))}\n`, exitCode };
      }),
    );
}

function addChanges(commands: RestCommands): void {
  const events = new Option('--event <event...>', 'what it is told of').choices(WEBHOOK_EVENTS);
  commands
    .add('add-webhook <url>', 'have an address told of events, and print the secret: it is not told again')
    .addOption(events.makeOptionMandatory())
    .action((url: string, options: RestOptions & { event: WebhookEvent[] }) =>
      commands.run(options, async (client) => {
        const wanted = { url, events: options.event };
        const value = await client.post('/webhooks', wanted, newWebhookViewSchema);
        return { value, text: `${value.id} ${value.secret}\n` };
      }),
    );
  commands
    .add('remove-webhook <id>', 'tell an address of nothing any more')
    .action((id: string, options: RestOptions) =>
      commands.run(options, async (client) => {
        await client.delete(`/webhooks/${encodeURIComponent(id)}`);
        return { value: { removed: id }, text: `${visibleText(id)} is removed\n` };
      }),
    );
}

function webhooksText(webhooks: readonly WebhookView[]): string {
  const rows = webhooks.map(({ id, url, events, waiting, dropped, deliveries: [last] }) => [
    id,
    url,
    events.join(' '),
    last ? `${last.event} ${last.at} ${deliveryText(last)}` : '-',
    String(waiting),
    String(dropped),
  ]);
  return table(['ID', 'ADDRESS', 'EVENTS', 'LAST', 'WAITING', 'DROPPED'], rows);
}

function deliveryText({ state, status, error }: Delivery): string {
  if (error) return `${state}: ${error.message} (${error.code})`;
  return `${state} (${status})`;
}
