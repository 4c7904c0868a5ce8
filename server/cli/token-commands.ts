import { InvalidArgumentError, Option } from 'commander';
import { type TokenView, newTokenViewSchema, tokenListSchema } from '../../shared/access.ts';
import { type Scope, SCOPES } from '../../shared/states.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { AppError } from '../base/errors.ts';
import type { RestClient } from './rest-client.ts';
import type { RestCommands, RestOptions } from './rest-command.ts';
import { table } from './table.ts';

const DAY_MS = 86_400_000;

/** Adds what makes, lists and revokes tokens of the running appliance. */
export function addTokens(commands: RestCommands): void {
  commands.add('tokens', 'list the tokens that were made').action((options: RestOptions) =>
    commands.run(options, async (client) => {
      const value = await tokensOf(client);
      return { value: { items: value, nextCursor: null }, text: tokensText(value) };
    }),
  );
  commands
    .add('add-token <name>', 'make a token, and print it: it is not told again')
    .addOption(new Option('--scope <scope>', 'what it may be used for').choices(SCOPES).default('read'))
    .option('--days <number>', 'how long it is good; without it until it is revoked', wholeDays)
    .action((name: string, options: RestOptions & { scope: Scope; days?: number }) =>
      commands.run(options, async (client) => {
        const { scope, days } = options;
        const expiresAt = days === undefined ? undefined : new Date(Date.now() + days * DAY_MS).toISOString();
        const value = await client.post(
          '/tokens',
          { name, scope, ...(expiresAt && { expiresAt }) },
          newTokenViewSchema,
        );
        return { value, text: `${value.token}\n` };
      }),
    );
  commands
    .add('revoke-token <name>', 'have a token open nothing any more')
    .action((name: string, options: RestOptions) =>
      commands.run(options, async (client) => {
        const found = (await tokensOf(client)).find((token) => token.name === name);
        if (!found) throw new AppError('RESOURCE_NOT_FOUND', `There is no token ${visibleText(name)}`);
        await client.delete(`/tokens/${encodeURIComponent(found.id)}`);
        return { value: { revoked: name }, text: `${visibleText(name)} is revoked\n` };
      }),
    );
}

async function tokensOf(client: RestClient): Promise<TokenView[]> {
  return (await client.get('/tokens', tokenListSchema)).items;
}

function tokensText(tokens: readonly TokenView[]): string {
  const rows = tokens.map(({ name, scope, createdAt, expiresAt, lastUsedAt }) => [
    name,
    scope,
    createdAt,
    expiresAt ?? 'never',
    lastUsedAt ?? 'never',
  ]);
  return table(['NAME', 'SCOPE', 'MADE', 'EXPIRES', 'LAST USED'], rows);
}

function wholeDays(text: string): number {
  if (!/^[1-9]\d{0,4}$/.test(text)) throw new InvalidArgumentError('It is not a number of days.');
  return Number(text);
}
