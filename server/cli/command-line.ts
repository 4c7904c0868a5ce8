import { Command } from 'commander';
import { VERSION } from '../appliance/version.ts';
import { asAppError } from '../base/errors.ts';
import { checkMirrors } from '../appliance/check-mirrors.ts';
import { checkDriver } from '../appliance/driver-choice.ts';
import { addCompletion } from './completion.ts';
import { addDoctor } from './doctor-command.ts';
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import { addPassword } from './password-command.ts';
import { registerRestCommands } from './rest-commands.ts';
import { processTerminal } from './terminal.ts';
import { ConfigurationFile } from '../config/configuration-file.ts';
import { loadConfiguration } from '../config/load.ts';
import { runInForeground } from '../service/foreground.ts';
import type { ApplianceHooks } from '../appliance/appliance.ts';

/** Runs one command line; the answer is the exit code. `hooks` are for tests. */
export async function runCommandLine(argv: readonly string[], hooks: ApplianceHooks = {}): Promise<number> {
  let exitCode: number = EXIT_CODES.ok;
  const program = new Command('proxyfs').version(VERSION).exitOverride();
  program.description('A directory whose every change lands on all of its mirrors, or on none.');
  program
    .command('run')
    .description('mount and serve in the foreground; SIGTERM or SIGINT stops it cleanly')
    .argument('<config>', 'configuration file (YAML)')
    .action(async (file: string) => {
      const configurationFile = new ConfigurationFile(file, process.env);
      const configuration = await configurationFile.load();
      exitCode = await runInForeground(configuration, { ...hooks, configurationFile });
    });
  program
    .command('check')
    .description('validate the configuration, then look whether it can mount, and try every mirror')
    .argument('<config>', 'configuration file (YAML)')
    .action(async (file: string) => {
      const configuration = await loadConfiguration(file, process.env);
      print(`${file}: the configuration is valid`);
      const driver = await checkDriver(configuration, print);
      exitCode = Math.max(driver, await checkMirrors(configuration, print));
    });
  addDoctor(program, processTerminal);
  addPassword(program, processTerminal);
  registerRestCommands(program);
  addCompletion(program, processTerminal);
  try {
    await program.parseAsync([...argv]);
  } catch (thrown) {
    exitCode = exitCodeOf(thrown);
    // Commander has said its own mistakes already.
    if (!(thrown instanceof Error && thrown.name === 'CommanderError')) complain(asAppError(thrown).message);
  }
  return exitCode === EXIT_CODES.ok ? Number(process.exitCode ?? EXIT_CODES.ok) : exitCode;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(message: string): void {
  process.stderr.write(`${message}\n`);
}
