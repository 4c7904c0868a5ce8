import { Command } from 'commander';
import { asAppError, type AppError } from './base/errors.ts';
import { jsonLogger, type Logger } from './base/logger.ts';
import { loadConfiguration } from './config/load.ts';
import type { Configuration } from './config/configuration.ts';
import { checkMirrors } from './check.ts';
import { registerRestCommands } from './cli/rest-commands.ts';
import { startProxyfs } from './run.ts';
import { VERSION } from './appliance/version.ts';
import type { StepHook } from './transaction/step.ts';

/** sysexits(3): a configuration error. */
const EX_CONFIG = 78;
/** The mount went away under us. */
const EX_LOST = 74;

/** Runs one command line; the answer is the exit code. */
export async function runCommandLine(argv: readonly string[], hooks: { step?: StepHook } = {}): Promise<number> {
  let exitCode = 0;
  const program = new Command('proxyfs').version(VERSION);
  program.description('A directory whose every change lands on all of its mirrors, or on none.');
  program
    .command('run')
    .description('mount and serve in the foreground; SIGTERM or SIGINT stops it cleanly')
    .argument('<config>', 'configuration file (YAML)')
    .action(async (file: string) => {
      exitCode = await run(file, hooks);
    });
  program
    .command('check')
    .description('validate the configuration, then try every mirror')
    .argument('<config>', 'configuration file (YAML)')
    .action(async (file: string) => {
      exitCode = await check(file);
    });
  registerRestCommands(program);
  await program.parseAsync([...argv]);
  return exitCode !== 0 ? exitCode : Number(process.exitCode ?? 0);
}

async function run(file: string, hooks: { step?: StepHook }): Promise<number> {
  const configuration = await configurationOrComplaint(file);
  if (!configuration) return EX_CONFIG;
  const logger = jsonLogger(configuration.log.level, (line) => void process.stdout.write(line));
  let lost: string | undefined;
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
    onLost = (reason) => {
      lost = reason;
      resolve();
    };
  });
  try {
    const running = await startProxyfs(configuration, logger, { ...hooks, onLost: (reason) => onLost(reason) });
    announce(running, configuration);
    await ended;
    logger.info('stopping', { reason: lost ?? 'signal' });
    await running.stop();
    logger.info('stopped');
  } catch (error) {
    return complain(asAppError(error), logger);
  }
  return lost === undefined ? 0 : EX_LOST;
}

let onLost: (reason: string) => void = () => {};

function announce(running: Awaited<ReturnType<typeof startProxyfs>>, { mirrors }: Configuration): void {
  const { url, token, tokenMade, mountPoint } = running;
  const line = (value: object) => process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level: 'info', ...value })}\n`);
  if (tokenMade) line({ event: 'token', token, hint: 'made for this run; set PROXYFS_TOKEN to choose one' });
  line({ event: 'ready', mountPoint, url, mirrors: mirrors.map(({ name }) => name), pid: process.pid });
}

async function check(file: string): Promise<number> {
  const configuration = await configurationOrComplaint(file);
  if (!configuration) return EX_CONFIG;
  process.stdout.write(`${file}: the configuration is valid\n`);
  return checkMirrors(configuration, (line) => void process.stdout.write(`${line}\n`));
}

async function configurationOrComplaint(file: string): Promise<Configuration | undefined> {
  try {
    return await loadConfiguration(file, process.env);
  } catch (error) {
    process.stderr.write(`${asAppError(error).message}\n`);
    return undefined;
  }
}

function complain(error: AppError, logger: Logger): number {
  logger.error('failed', { code: error.code, error: error.message, cause: error.cause });
  process.stderr.write(`proxyfs: ${error.message}\n`);
  return error.code === 'CONFIG_INVALID' ? EX_CONFIG : 1;
}
