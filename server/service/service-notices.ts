import type { Logger } from '../base/logger.ts';
import { runCommand } from '../fuse/bounded-command.ts';

const SEND_LIMIT_MS = 5000;
const LOOK_MS = 10_000;
const STATUS_CHARS = 500;

/**
 * Tells a service manager how it goes (sd_notify(3)), where NOTIFY_SOCKET names one. Node has no datagram sockets of
 * this kind, so systemd-notify sends them. The watchdog is fed by a timer of the event loop: when that hangs, so does this.
 */
export class ServiceNotices {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #logger: Logger;
  #status: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #sending: Promise<void> | undefined;

  constructor(environment: NodeJS.ProcessEnv, logger: Logger) {
    this.#environment = environment;
    this.#logger = logger;
  }

  /** The service may be used. From now on `status` is asked for what to show, and the watchdog is fed. */
  async ready(status: () => string): Promise<void> {
    await this.#send(['READY=1', ...this.#changed(status())]);
    const watchdogMs = this.#watchdogMs;
    const look = () => {
      if (!this.#sending)
        void this.#send([...(watchdogMs ? ['WATCHDOG=1'] : []), ...this.#changed(status())]);
    };
    if (this.#isAsked)
      this.#timer = setInterval(look, Math.min(LOOK_MS, (watchdogMs ?? LOOK_MS) / 3)).unref();
  }

  async stopping(): Promise<void> {
    clearInterval(this.#timer);
    await this.#send(['STOPPING=1', ...this.#changed('stopping')]);
  }

  get #isAsked(): boolean {
    return Boolean(this.#environment['NOTIFY_SOCKET']);
  }

  /** undefined where nobody watches, or it is another process that is watched. */
  get #watchdogMs(): number | undefined {
    const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = this.#environment;
    if (pid !== undefined && Number(pid) !== process.pid) return undefined;
    return Number(microseconds) > 0 ? Number(microseconds) / 1000 : undefined;
  }

  #changed(status: string): string[] {
    if (status === this.#status) return [];
    this.#status = status;
    return [`STATUS=${status.replaceAll(/\s+/g, ' ').slice(0, STATUS_CHARS)}`];
  }

  /** In order; a notice that can't be sent costs nothing but a line in the log. */
  async #send(assignments: readonly string[]): Promise<void> {
    if (!this.#isAsked || assignments.length === 0) return;
    const sending = (this.#sending ?? Promise.resolve()).then(() => this.#sendNow(assignments));
    this.#sending = sending;
    await sending;
    if (this.#sending === sending) this.#sending = undefined;
  }

  async #sendNow(assignments: readonly string[]): Promise<void> {
    const end = await runCommand('systemd-notify', assignments, SEND_LIMIT_MS);
    if (typeof end === 'object' && end.exitCode === 0) return;
    this.#logger.warn('notice-not-sent', { assignments, reason: typeof end === 'object' ? end.stderr : end });
  }
}
