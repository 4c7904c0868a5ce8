import { Argument, type Command, InvalidArgumentError, Option } from 'commander';
import {
  type MirrorChange,
  acceptedSchema,
  mirrorChangeSchema,
  mirrorListSchema,
  modeChangeSchema,
  overviewSchema,
} from '../../shared/api.ts';
import { REASON_CHARS } from '../../shared/requests.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { addConfiguration } from './configuration-commands.ts';
import { addJobs } from './job-commands.ts';
import { addMirrorList } from './mirror-list-commands.ts';
import { type Answer, RestCommands, type RestOptions } from './rest-command.ts';
import type { RestClient } from './rest-client.ts';
import { addRecords } from './record-commands.ts';
import { addTokens } from './token-commands.ts';
import { addTransactions } from './transaction-commands.ts';
import { type Terminal, processTerminal } from './terminal.ts';
import { mirrorsText, overviewText } from './views.ts';
import { addWebhooks } from './webhook-commands.ts';

const MODES = { 'read-write': 'readWrite', 'read-only': 'readOnly' } as const;

type ReasonOptions = RestOptions & { readonly reason?: string };
type RetryOptions = RestOptions & { readonly mirror?: string };

/**
 * Adds the commands that talk to a running appliance over REST. A failure is printed and sets the process's exit
 * code; wrong usage ends as commander's other mistakes do.
 */
export function registerRestCommands(program: Command, terminal: Terminal = processTerminal): void {
  const commands = new RestCommands(program, terminal);
  addReading(commands);
  addTransactions(commands);
  addMirrorChanges(commands);
  addMirrorList(commands);
  addTransactionChanges(commands);
  addJobs(commands);
  addConfiguration(commands);
  addTokens(commands);
  addWebhooks(commands);
  addRecords(commands);
}

function addReading(commands: RestCommands): void {
  commands.add('status', 'show mode, mirrors, and what is in flight').action((options: RestOptions) =>
    commands.run(options, async (client) => {
      const value = await client.get('/overview', overviewSchema);
      return { value, text: overviewText(value) };
    }),
  );
  commands.add('mirrors', 'list the mirrors with their states').action((options: RestOptions) =>
    commands.run(options, async (client) => {
      const value = await client.get('/mirrors', mirrorListSchema);
      return { value, text: mirrorsText(value.items) };
    }),
  );
}

function addMirrorChanges(commands: RestCommands): void {
  commands
    .add('detach <mirror>', 'take a mirror out: writes go on without it')
    .addOption(reasonOption())
    .action((mirror: string, options: ReasonOptions) =>
      commands.run(options, (client) => changeMirror(client, mirror, 'detach', reasonOf(options))),
    );
  commands
    .add('mode', 'switch writing off or on')
    .addArgument(new Argument('<mode>', 'what may be done in the mount').choices(Object.keys(MODES)))
    .addOption(reasonOption())
    .action((mode: keyof typeof MODES, options: ReasonOptions) =>
      commands.run(options, async (client) => {
        const value = await client.post(
          '/mode',
          { mode: MODES[mode], ...reasonOf(options) },
          modeChangeSchema,
        );
        return { value, text: `${value.mode}: ${visibleText(value.reason)}\n` };
      }),
    );
  commands
    .add('attach <mirror>', 'take a detached mirror in again')
    .action((mirror: string, options: RestOptions) =>
      commands.run(options, (client) => changeMirror(client, mirror, 'attach', {})),
    );
}

function addTransactionChanges(commands: RestCommands): void {
  const retry = commands.add('retry [transaction]', 'try again now instead of at the next turn');
  retry
    .option('--mirror <name>', 'reconnect this mirror')
    .action((transaction: string | undefined, options: RetryOptions) => {
      if ((transaction === undefined) === (options.mirror === undefined)) {
        retry.error('error: name either a transaction or --mirror');
      }
      return commands.run(options, (client) =>
        options.mirror === undefined
          ? changeTransaction(client, transaction ?? '', 'retry', {})
          : changeMirror(client, options.mirror, 'retry', {}),
      );
    });
  commands
    .add('cancel <transaction>', 'undo a transaction that is not decided yet')
    .addOption(reasonOption())
    .action((transaction: string, options: ReasonOptions) =>
      commands.run(options, (client) => changeTransaction(client, transaction, 'cancel', reasonOf(options))),
    );
}

async function changeMirror(client: RestClient, id: string, name: string, body: object): Promise<Answer> {
  const value: MirrorChange = await client.post(
    `/mirrors/${encodeURIComponent(id)}/${name}`,
    body,
    mirrorChangeSchema,
  );
  const already = value.changed ? '' : 'nothing to change:\n';
  return { value, text: already + mirrorsText([value.mirror]) };
}

async function changeTransaction(
  client: RestClient,
  id: string,
  name: string,
  body: object,
): Promise<Answer> {
  const value = await client.post(`/transactions/${encodeURIComponent(id)}/${name}`, body, acceptedSchema);
  return { value, text: `${name} of ${visibleText(value.transaction)} is under way\n` };
}

function reasonOption(): Option {
  return new Option('--reason <text>', 'why, for those who look later').argParser((text) => {
    if (text.length > REASON_CHARS)
      throw new InvalidArgumentError(`It is longer than ${REASON_CHARS} characters.`);
    return text;
  });
}

function reasonOf({ reason }: ReasonOptions): { reason?: string } {
  return reason === undefined ? {} : { reason };
}
