import type { ConfigurationKey } from '../../shared/configuration.ts';
import { configurationKeys } from './configuration-keys.ts';
import { OVERRIDES } from './environment.ts';

const APPLIES = { now: 'now', restart: 'after a restart', fileOnly: 'after a restart, in the file alone' };

const HEAD = `# Configuration

Every key of the file that \`proxyfs run FILE\` reads, made from the schema that it is checked by
(\`node scripts/configuration-reference.mjs\`). [config.example.yml](../config.example.yml) shows them in use.
Seconds may be fractions. Relative paths begin at the directory of the file, and \`~/\` is the home directory.

*Changed* says what becomes of a change by the API or \`proxyfs config set\`: mirrors follow at once; what applies after a restart is stored, and
shown as waiting for one; what decides who may come in, or where things are, is changed in the file alone.
`;

/** docs/configuration.md. */
export function configurationReference(): string {
  const keys = configurationKeys();
  const ofMirrors = keys.filter(({ key }) => key.startsWith('mirrors.'));
  const others = keys.filter((key) => !ofMirrors.includes(key));
  return [
    HEAD,
    table(others, ''),
    '## Keys of a mirror\n',
    table(ofMirrors, 'mirrors.*.'),
    '## Variables\n',
    'These override the file; with `_FILE` added to its name a variable names a file that holds the value.\n',
    variables(),
  ].join('\n');
}

function table(keys: readonly ConfigurationKey[], prefix: string): string {
  const rows = keys.map(({ key, form, description, applies, ...rest }) =>
    row(`\`${key.slice(prefix.length)}\``, form, fallbackOf(rest), description, APPLIES[applies]),
  );
  return [row('key', 'value', 'default', 'meaning', 'changed'), '|---|---|---|---|---|', ...rows, ''].join(
    '\n',
  );
}

function variables(): string {
  const rows = Object.entries(OVERRIDES).map(([name, path]) =>
    row(`\`${name}\``, `\`${path.map(String).join('.')}\``),
  );
  return [row('variable', 'key'), '|---|---|', ...rows, ''].join('\n');
}

function fallbackOf({ required, default: value }: Pick<ConfigurationKey, 'required' | 'default'>): string {
  return required ? '*needed*' : (value ?? '');
}

function row(...cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
