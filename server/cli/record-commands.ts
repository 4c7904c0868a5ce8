import { InvalidArgumentError, Option } from 'commander';
import { AUDIT_RESULTS, type AuditEntry, type AuditResult, auditListSchema } from '../../shared/audit.ts';
import { LOG_LEVELS, type LogLine, type LogPage, logPageSchema } from '../../shared/log.ts';
import { diagnosticsSchema } from '../../shared/system.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { sleep } from '../base/wait.ts';
import type { RestClient } from './rest-client.ts';
import type { RestCommands, RestOptions } from './rest-command.ts';
import { table } from './table.ts';
import { jsonText } from './terminal.ts';

const LOOK_MS = 1000;
const MOST_LINES = 500;
const MOST_ENTRIES = 200;
const FIELD_CHARS = 200;

type AuditOptions = RestOptions & { entries: number; contains?: string; result?: AuditResult };
type LogOptions = RestOptions & { level: string; lines: number; follow?: true };

/** Adds what shows the log, who changed what, and all of it for somebody who helps. */
export function addRecords(commands: RestCommands): void {
  commands
    .add('log', 'show the latest lines of the log of the running appliance')
    .option('-f, --follow', 'go on with what comes, until it is interrupted')
    .option('-n, --lines <number>', 'how many of those there are', upTo(MOST_LINES), 50)
    .addOption(new Option('--level <level>', 'that, and what is worse').choices(LOG_LEVELS).default('info'))
    .action((options: LogOptions) =>
      commands.run(options, async (client, out) => {
        const value = await logOf(client, options, { limit: options.lines });
        if (!options.follow) return { value, text: value.items.map(logText).join('') };
        return follow(client, options, value, (lines) =>
          out(lines.map((line) => (options.json ? `${JSON.stringify(line)}\n` : logText(line))).join('')),
        );
      }),
    );
  commands
    .add('audit', 'list who changed what through the control plane, newest first')
    .option('-n, --entries <number>', 'how many', upTo(MOST_ENTRIES), 50)
    .option('--contains <text>', 'that have it in what was asked for, by whom or from where')
    .addOption(new Option('--result <result>', 'that ended so').choices(AUDIT_RESULTS))
    .action((options: AuditOptions) =>
      commands.run(options, async (client) => {
        const query = new URLSearchParams({ limit: String(options.entries) });
        if (options.contains !== undefined) query.set('contains', options.contains);
        if (options.result !== undefined) query.set('result', options.result);
        const value = await client.get(`/audit?${query.toString()}`, auditListSchema);
        return { value, text: auditText(value.items) };
      }),
    );
  commands
    .add('diagnostics', 'print state and log as JSON, for somebody who helps')
    .action((options: RestOptions) =>
      commands.run(options, async (client) => {
        const value = await client.get('/diagnostics', diagnosticsSchema);
        return { value, text: jsonText(value) };
      }),
    );
}

function logOf(
  client: RestClient,
  { level }: LogOptions,
  page: { after?: number; limit: number },
): Promise<LogPage> {
  const query = new URLSearchParams({ level, limit: String(page.limit) });
  if (page.after !== undefined) query.set('after', String(page.after));
  return client.get(`/log?${query.toString()}`, logPageSchema);
}

/** Ends with the connection alone. */
async function follow(
  client: RestClient,
  options: LogOptions,
  first: LogPage,
  show: (lines: readonly LogLine[]) => void,
): Promise<never> {
  let page = first;
  for (;;) {
    show(page.items);
    if (page.items.length < MOST_LINES) await sleep(LOOK_MS);
    const { seq, bootId } = page;
    page = await logOf(client, options, { after: seq, limit: MOST_LINES });
    // Another run counts from the beginning.
    if (page.bootId !== bootId) page = await logOf(client, options, { after: 0, limit: MOST_LINES });
  }
}

function logText({ at, level, event, fields }: LogLine): string {
  const rest = Object.entries(fields).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return ` ${name}=${visibleText(text, FIELD_CHARS)}`;
  });
  return `${at} ${level.padEnd(5)} ${visibleText(event)}${rest.join('')}\n`;
}

function auditText(entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ at, method, route, target, status, by, token, address }) => [
    at,
    `${method} ${target === null ? route : route.replace('{id}', target)}`,
    String(status),
    token === null ? by : `${by} ${token}`,
    address,
  ]);
  return table(['WHEN', 'WHAT', 'STATUS', 'BY', 'FROM'], rows);
}

function upTo(most: number): (text: string) => number {
  return (text) => {
    if (!/^[1-9]\d{0,3}$/.test(text) || Number(text) > most)
      throw new InvalidArgumentError(`It is not a number from 1 to ${most}.`);
    return Number(text);
  };
}
