import { readFile } from 'node:fs/promises';
import { Argument } from 'commander';
import {
  type ConfigurationChange,
  type ConfigurationVerdict,
  configurationVerdictSchema,
  configurationVersionsSchema,
  configurationViewSchema,
} from '../../shared/configuration.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { AppError } from '../base/errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import type { Answer, RestCommands, RestOptions } from './rest-command.ts';
import type { RestClient } from './rest-client.ts';
import { table } from './table.ts';

const WHEN = {
  now: 'applies now',
  restart: 'needs a restart',
  fileOnly: 'in the file alone, needs a restart',
};

type Action = (client: RestClient, file: string) => Promise<Answer>;
const ACTIONS: Readonly<Record<string, Action>> = { get, validate, set, versions };
const NEED_FILE = ['validate', 'set'];

/** Adds what shows, checks and replaces the configuration file of the running appliance. */
export function addConfiguration(commands: RestCommands): void {
  const command = commands.add('config', 'show, check or replace the configuration file of the appliance');
  command
    .addArgument(new Argument('<action>', 'what to do').choices(Object.keys(ACTIONS)))
    .argument('[file]', 'the new text, for validate and set')
    .action((name: string, file: string | undefined, options: RestOptions) => {
      if (NEED_FILE.includes(name) !== (file !== undefined))
        command.error(`error: ${NEED_FILE.join(' and ')} take a FILE, the others none`);
      return commands.run(options, (client) => (ACTIONS[name] ?? get)(client, file ?? ''));
    });
}

async function get(client: RestClient): Promise<Answer> {
  const value = await client.get('/config', configurationViewSchema);
  const waiting = value.waiting.map((change) => `# ${changeText(change)}`);
  return { value, text: shown(value.text) + waiting.join('') };
}

async function validate(client: RestClient, file: string): Promise<Answer> {
  const text = await textOf(file);
  const value = await client.post('/config/validate', { text }, configurationVerdictSchema);
  return { value, text: verdictText(value), ...(!value.valid && { exitCode: EXIT_CODES.configuration }) };
}

async function set(client: RestClient, file: string): Promise<Answer> {
  const text = await textOf(file);
  const { etag } = await client.get('/config', configurationViewSchema);
  const { changes } = await client.post('/config/validate', { text }, configurationVerdictSchema);
  const value = await client.put('/config', { text }, etag, configurationViewSchema);
  return { value, text: changes.map(changeText).join('') || 'nothing changes\n' };
}

async function versions(client: RestClient): Promise<Answer> {
  const value = await client.get('/config/versions', configurationVersionsSchema);
  const rows = value.items.map(({ id, replacedAt, sizeBytes }) => [id, replacedAt, String(sizeBytes)]);
  return { value, text: table(['ID', 'REPLACED', 'BYTES'], rows) };
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new AppError('INVALID_ARGUMENT', `${file} can't be read: ${reason}`, { cause });
  }
}

function verdictText({ valid, errors, changes }: ConfigurationVerdict): string {
  if (valid) return changes.map(changeText).join('') || 'valid; nothing changes\n';
  return errors
    .map(({ line, column, pointer, message }) => {
      const place = line === undefined ? '' : `${line}:${column ?? 1}: `;
      return `${place}${visibleText(`${pointer} ${message}`.trim())}\n`;
    })
    .join('');
}

function changeText({ key, applies }: ConfigurationChange): string {
  return `${visibleText(key)}: ${WHEN[applies]}\n`;
}

/** The text of a file, with what would act on a screen made visible. */
function shown(text: string): string {
  return `${text
    .trimEnd()
    .split('\n')
    .map((line) => visibleText(line))
    .join('\n')}\n`;
}
