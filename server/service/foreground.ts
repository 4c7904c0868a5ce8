import { asAppError } from '../base/errors.ts';
import { LogRing } from '../base/log-ring.ts';
import { jsonLogger } from '../base/logger.ts';
import type { Configuration } from '../config/configuration.ts';
import type { ConfigurationFile } from '../config/configuration-file.ts';
import { ServiceNotices } from './service-notices.ts';
import { type RunningProxyfs, startProxyfs } from './start-proxyfs.ts';
import type { ApplianceHooks } from '../appliance/appliance.ts';

/** sysexits(3) EX_IOERR: the mount went away under us. */
const EX_LOST = 74;

/**
 * `proxyfs run`: serves until a signal asks to stop, or the mount is lost. Logs one JSON object a line on stdout; a
 * line with `"event":"ready"` says that the mount point may be used. Rejects when the start fails.
 */
export async function runInForeground(
  configuration: Configuration,
  options: ApplianceHooks & { configurationFile?: ConfigurationFile },
): Promise<number> {
  const write = (line: string) => void process.stdout.write(line);
  const log = new LogRing();
  const logger = jsonLogger(configuration.log.level, (line) => {
    write(line);
    log.add(line);
  });
  const end = new AwaitedEnd();
  const notices = new ServiceNotices(process.env, logger);
  try {
    const running = await startProxyfs(configuration, logger, { ...options, log, onLost: end.lose });
    // Not for the ring: one line is a secret.
    announce(running, configuration, jsonLogger('info', write));
    await notices.ready(() => running.status());
    const reason = await end.reason;
    logger.info('stopping', { reason: reason ?? 'signal' });
    await notices.stopping();
    await running.stop();
    logger.info('stopped');
    return reason === undefined ? 0 : EX_LOST;
  } catch (thrown) {
    const { code, message, cause } = asAppError(thrown);
    logger.error('failed', { code, error: message, cause });
    throw thrown;
  }
}

/** A signal, or the loss of the mount: whichever comes first. A signal during the start is kept for its end. */
class AwaitedEnd {
  /** Why the mount was lost; undefined for a signal. */
  readonly reason: Promise<string | undefined>;
  lose: (reason: string) => void = () => {};

  constructor() {
    this.reason = new Promise((resolve) => {
      this.lose = resolve;
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(undefined));
    });
  }
}

function announce(
  running: RunningProxyfs,
  { mirrors }: Configuration,
  log: ReturnType<typeof jsonLogger>,
): void {
  const { url, token, tokenMade, mountPoint } = running;
  if (tokenMade)
    log.info('token', { token, hint: 'made for this run only; set PROXYFS_TOKEN to choose one' });
  log.info('ready', { mountPoint, url, mirrors: mirrors.map(({ name }) => name), pid: process.pid });
}
