import { Option } from 'commander';
import {
  OUTCOMES,
  type TransactionList,
  transactionDetailSchema,
  transactionListSchema,
} from '../../shared/api.ts';
import { OPERATION_KINDS } from '../../shared/states.ts';
import type { Answer, RestCommands, RestOptions } from './rest-command.ts';
import type { RestClient } from './rest-client.ts';
import { transactionDetailText, transactionListText } from './transaction-views.ts';

const UNITS_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DEFAULT_LIMIT = 50;

type Filters = Readonly<Record<string, string>>;

/** Adds what lists and shows transactions. */
export function addTransactions(commands: RestCommands): void {
  commands
    .add('transactions [transaction]', 'list transactions, the newest first, or show one with its steps')
    .addOption(new Option('--state <state>', 'only these').choices(['inFlight', 'ended']))
    .addOption(new Option('--outcome <outcome>', 'only those that ended so').choices(OUTCOMES))
    .addOption(new Option('--op <operation>', 'only this operation').choices(OPERATION_KINDS))
    .option('--mirror <name>', 'only those with this mirror')
    .option('--path-prefix <path>', 'only paths that begin so')
    .addOption(
      new Option(
        '--since <time>',
        'only those started since: RFC 3339, or so long ago as 30m, 2h, 7d',
      ).argParser(sinceOf),
    )
    .option('--limit <count>', 'at most so many (1 to 200)')
    .option('--cursor <cursor>', 'go on after an earlier answer')
    .action((id: string | undefined, { url, json, ...filters }: RestOptions & Filters) =>
      commands.run({ url, ...(json && { json }) }, (client) =>
        id === undefined ? listed(client, filters) : shown(client, id),
      ),
    );
}

async function shown(client: RestClient, id: string): Promise<Answer> {
  const value = await client.get(`/transactions/${encodeURIComponent(id)}`, transactionDetailSchema);
  return { value, text: transactionDetailText(value) };
}

/** As many as were asked for, where there are as many: the answer to one request may be short. */
async function listed(client: RestClient, filters: Filters): Promise<Answer> {
  const wanted = Number(filters['limit'] ?? DEFAULT_LIMIT);
  let value = await page(client, filters);
  while (value.nextCursor !== null && value.items.length < wanted) {
    const limit = String(wanted - value.items.length);
    const { items, nextCursor } = await page(client, { ...filters, limit, cursor: value.nextCursor });
    value = { items: [...value.items, ...items], nextCursor };
  }
  return { value, text: transactionListText(value) };
}

function page(client: RestClient, filters: Filters): Promise<TransactionList> {
  const query = new URLSearchParams(filters).toString();
  return client.get(`/transactions${query && `?${query}`}`, transactionListSchema);
}

/** Whatever else it is, the appliance judges. */
function sinceOf(text: string): string {
  const [, count, unit] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (count === undefined) return text;
  return new Date(Date.now() - Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS]).toISOString();
}
