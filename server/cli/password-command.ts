import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Command } from 'commander';
import { LEAST_PASSWORD_CHARS, newPasswordSchema } from '../../shared/requests.ts';
import { PASSWORD_FILE, Password } from '../api/password.ts';
import { AppError } from '../base/errors.ts';
import { silentLogger } from '../base/logger.ts';
import { loadConfiguration } from '../config/load.ts';
import { askHidden } from './ask-hidden.ts';
import type { Terminal } from './terminal.ts';

const INPUT_CHARS = 16 * 1024;

/** Adds what sets the password, whether the appliance runs or not. It is never an argument, which every user could see. */
export function addPassword(program: Command, terminal: Terminal): void {
  program
    .command('passwd')
    .description(
      'set the password of the dashboard, asked for or read from standard input; ends its sessions',
    )
    .argument('<config>', 'configuration file (YAML)')
    .action(async (file: string) => {
      const { statePath } = await loadConfiguration(file, terminal.environment);
      const chosen = await (process.stdin.isTTY ? askTwice() : firstLine(process.stdin));
      if (!newPasswordSchema.safeParse(chosen).success)
        throw new AppError('REQUEST_INVALID', `A password has ${LEAST_PASSWORD_CHARS} to 1000 characters`);
      const password = await Password.load(join(statePath, PASSWORD_FILE), silentLogger);
      await password.replace(chosen);
      terminal.out('the password is set\n');
    });
}

async function askTwice(): Promise<string> {
  const chosen = await askHidden('New password: ');
  if ((await askHidden('Once more: ')) === chosen) return chosen;
  throw new AppError('REQUEST_INVALID', 'The two are not the same');
}

async function firstLine(input: Readable): Promise<string> {
  let text = '';
  for await (const piece of input.setEncoding('utf8')) {
    text += String(piece);
    if (text.includes('\n') || text.length > INPUT_CHARS) break;
  }
  return text.split(/\r?\n/, 1)[0] ?? '';
}
