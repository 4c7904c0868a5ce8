import { type Command, InvalidArgumentError } from 'commander';
import { mirrorViewSchema } from '../../shared/api.ts';
import { visibleText } from '../../shared/visible-text.ts';
import type { RestCommands, RestOptions } from './rest-command.ts';
import { mirrorsText } from './views.ts';

/** The settings of a mirror, as the configuration has them. */
interface SettingOptions {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly path?: string;
  readonly identityFile?: string;
  readonly passwordFile?: string;
  readonly knownHosts?: string;
  readonly hostKey?: string;
  readonly required?: boolean;
  readonly owner?: string;
  readonly bandwidthLimit?: string;
}

/** Adds what changes the list of mirrors, in the running appliance and in its configuration file. */
export function addMirrorList(commands: RestCommands): void {
  withSettings(
    commands.add('add-mirror <mirror>', 'take a mirror in, also in the configuration file'),
  ).action((id: string, { url, json, ...settings }: RestOptions & SettingOptions) =>
    commands.run({ url, ...(json && { json }) }, async (client) => {
      const value = await client.post('/mirrors', { id, ...settings }, mirrorViewSchema);
      return { value, text: mirrorsText([value]) };
    }),
  );
  withSettings(commands.add('change-mirror <mirror>', 'change settings of a mirror, also in the file'))
    .option('--default <setting...>', 'take settings back to what they are if nothing is said, such as port')
    .action(
      (
        id: string,
        { url, json, default: back = [], ...settings }: RestOptions & SettingOptions & { default?: string[] },
      ) =>
        commands.run({ url, ...(json && { json }) }, async (client) => {
          const cleared = Object.fromEntries(back.map((name) => [camelCase(name), null]));
          const value = await client.patch(pathOf(id), { ...settings, ...cleared }, mirrorViewSchema);
          return { value, text: mirrorsText([value]) };
        }),
    );
  commands
    .add('remove-mirror <mirror>', 'leave a mirror as it is from now on, and take it out of the file')
    .action((id: string, options: RestOptions) =>
      commands.run(options, async (client) => {
        await client.delete(pathOf(id));
        const text = `${visibleText(id)} is no mirror any more; its files are still there\n`;
        return { value: { removed: id }, text };
      }),
    );
}

function withSettings(command: Command): Command {
  return command
    .option('--host <host>', 'address, name, or a Host of ~/.ssh/config')
    .option('--port <port>', 'port of its ssh server', wholeNumber)
    .option('--user <user>', 'login there')
    .option('--path <path>', 'directory there')
    .option('--identity-file <file>', 'private key, on the appliance')
    .option('--password-file <file>', 'file whose only line is the password, on the appliance')
    .option('--known-hosts <file>', 'file of trusted host keys, on the appliance')
    .option('--host-key <fingerprint>', 'SHA256 fingerprint of the only host key to accept')
    .option('--required', 'no change succeeds without it')
    .option('--no-required', 'changes go on without it, and it catches up later')
    .option('--owner <how>', 'auto, preserve, names or ignore')
    .option('--bandwidth-limit <rate>', 'bytes per second for catching up, such as 10M');
}

function wholeNumber(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It is not a whole number.');
  return Number(text);
}

function camelCase(name: string): string {
  return name.replace(/[-_]([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function pathOf(id: string): string {
  return `/mirrors/${encodeURIComponent(id)}`;
}
