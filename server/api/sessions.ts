import { digestOf, newSecret } from './secrets.ts';
import type { Grant } from './tokens.ts';

export const SESSION_LIFE_MS = 12 * 3_600_000;
const SESSIONS_KEPT = 100;

/** What is kept of a session: a digest of its id, so that memory holds nothing that opens a door. */
export type SessionKey = string;

/** The logins of browsers, in memory: gone with the process, and the oldest gives way to the newest. */
export class Sessions {
  readonly #nowMs: () => number;
  /** In order of opening, so the first is the oldest. */
  readonly #sessions = new Map<SessionKey, { readonly expiryMs: number; readonly grant: Grant }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Opens a session and returns its id for the cookie. */
  open(grant: Grant): string {
    const id = newSecret();
    this.#dropExpired();
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size >= SESSIONS_KEPT) this.#sessions.delete(oldest);
    this.#sessions.set(keyOf(id), { expiryMs: this.#nowMs() + SESSION_LIFE_MS, grant });
    return id;
  }

  /** The key of the session that `id` opens, or undefined. */
  find(id: string): SessionKey | undefined {
    const key = keyOf(id);
    return this.isOpen(key) ? key : undefined;
  }

  /** What it was opened with; undefined where it isn't open. */
  grantOf(key: SessionKey): Grant | undefined {
    return this.isOpen(key) ? this.#sessions.get(key)?.grant : undefined;
  }

  isOpen(key: SessionKey): boolean {
    return (this.#sessions.get(key)?.expiryMs ?? -Infinity) > this.#nowMs();
  }

  close(key: SessionKey): void {
    this.#sessions.delete(key);
  }

  #dropExpired(): void {
    for (const key of this.#sessions.keys()) if (!this.isOpen(key)) this.#sessions.delete(key);
  }
}

function keyOf(id: string): SessionKey {
  return digestOf(id).toString('hex');
}
