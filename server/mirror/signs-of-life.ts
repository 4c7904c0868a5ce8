import { AppError } from '../base/errors.ts';
import type { ReplicaSession } from './replica-session.ts';

const EVERY_MS = 2000;

/** Asks an idle link for a sign of life, until stopped; its silence ends the session by the request's own deadline. */
export class SignsOfLife {
  readonly #replica: Pick<ReplicaSession, 'session' | 'rootPath'>;
  readonly #onAsk: () => void;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(replica: Pick<ReplicaSession, 'session' | 'rootPath'>, onAsk: () => void) {
    this.#replica = replica;
    this.#onAsk = onAsk;
    this.#askLater();
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #askLater(): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#ask(), EVERY_MS);
  }

  async #ask(): Promise<void> {
    const { session, rootPath } = this.#replica;
    this.#onAsk();
    try {
      if (session.idleMs >= EVERY_MS / 2) await session.lstat(rootPath);
    } catch (cause) {
      // The directory was taken away under a living session: nothing there can be relied on.
      session.end(new AppError('MIRROR_UNREACHABLE', `${rootPath} is gone from the mirror`, { cause }));
    }
    this.#askLater();
  }
}
