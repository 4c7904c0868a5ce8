import { digestOf, newSecret } from './secrets.ts';
import type { Grant } from './tokens.ts';

export const SESSION_LIFE_MS = 12 * 3_600_000;
const SESSIONS_KEPT = 100;

/** What is kept of a session: a digest of its id, so that memory holds nothing that opens a door. */
export type SessionKey = string;

/** Where a session was opened from, and by what; both as the browser says. */
export interface Origin {
  readonly address: string;
  readonly agent: string;
}

/** A session as its owner may see it. */
export interface OpenSession extends Origin {
  readonly id: string;
  readonly key: SessionKey;
  readonly openedAt: string;
  readonly lastUsedAt: string;
}

interface Kept extends Origin {
  readonly expiryMs: number;
  readonly grant: Grant;
  readonly openedAt: string;
  lastUsedAt: string;
}

const AGENT_CHARS = 200;

/** The logins of browsers, in memory: gone with the process, and the oldest gives way to the newest. */
export class Sessions {
  readonly #nowMs: () => number;
  /** In order of opening, so the first is the oldest. */
  readonly #sessions = new Map<SessionKey, Kept>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Opens a session and returns its id for the cookie. */
  open(grant: Grant, { address, agent }: Origin): string {
    const id = newSecret();
    this.#dropExpired();
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size >= SESSIONS_KEPT) this.#sessions.delete(oldest);
    const openedAt = new Date().toISOString();
    const from = { address, agent: agent.slice(0, AGENT_CHARS) };
    const expiryMs = this.#nowMs() + SESSION_LIFE_MS;
    this.#sessions.set(keyOf(id), { ...from, expiryMs, grant, openedAt, lastUsedAt: openedAt });
    return id;
  }

  /** The key of the session that `id` opens, or undefined. */
  find(id: string): SessionKey | undefined {
    const key = keyOf(id);
    if (!this.isOpen(key)) return undefined;
    const session = this.#sessions.get(key);
    if (session) session.lastUsedAt = new Date().toISOString();
    return key;
  }

  /** What it was opened with; undefined where it isn't open. */
  grantOf(key: SessionKey): Grant | undefined {
    return this.isOpen(key) ? this.#sessions.get(key)?.grant : undefined;
  }

  /** The latest first. A part of the key names a session, and opens nothing. */
  list(): OpenSession[] {
    this.#dropExpired();
    const open = [...this.#sessions].map(([key, { address, agent, openedAt, lastUsedAt }]) => ({
      id: key.slice(0, 16),
      key,
      address,
      agent,
      openedAt,
      lastUsedAt,
    }));
    return open.reverse();
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
