import { digestOf, newSecret } from './secrets.ts';

export const SESSION_LIFE_MS = 12 * 3_600_000;
const SESSIONS_KEPT = 100;

/** What is kept of a session: a digest of its id, so that memory holds nothing that opens a door. */
export type SessionKey = string;

/** The logins of browsers, in memory: gone with the process, and the oldest gives way to the newest. */
export class Sessions {
  readonly #nowMs: () => number;
  /** In order of opening, so the first is the oldest. */
  readonly #expiryMs = new Map<SessionKey, number>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Opens a session and returns its id for the cookie. */
  open(): string {
    const id = newSecret();
    this.#dropExpired();
    const [oldest] = this.#expiryMs.keys();
    if (oldest !== undefined && this.#expiryMs.size >= SESSIONS_KEPT) this.#expiryMs.delete(oldest);
    this.#expiryMs.set(keyOf(id), this.#nowMs() + SESSION_LIFE_MS);
    return id;
  }

  /** The key of the session that `id` opens, or undefined. */
  find(id: string): SessionKey | undefined {
    const key = keyOf(id);
    return this.isOpen(key) ? key : undefined;
  }

  isOpen(key: SessionKey): boolean {
    return (this.#expiryMs.get(key) ?? -Infinity) > this.#nowMs();
  }

  close(key: SessionKey): void {
    this.#expiryMs.delete(key);
  }

  #dropExpired(): void {
    for (const key of this.#expiryMs.keys()) if (!this.isOpen(key)) this.#expiryMs.delete(key);
  }
}

function keyOf(id: string): SessionKey {
  return digestOf(id).toString('hex');
}
