const FREE_TRIES = 5;
const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 60_000;
/** An address that has been quiet for so long starts anew. */
const FORGOTTEN_AFTER_MS = 10 * 60_000;
const ADDRESSES_KEPT = 1000;

interface Attempts {
  readonly count: number;
  readonly lastMs: number;
}

/**
 * Slows down guessing: after some wrong tokens an address must wait, twice as long after each further one. A right
 * token doesn't clear the count, or whoever shares the address would hand out fresh tries.
 */
export class FailedAttempts {
  readonly #nowMs: () => number;
  /** In order of the last failure, so the first is the one to forget. */
  readonly #byAddress = new Map<string, Attempts>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** How long this address must still wait; 0 when it may try. */
  waitMs(address: string): number {
    const attempts = this.#current(keyOf(address));
    if (!attempts || attempts.count < FREE_TRIES) return 0;
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (attempts.count - FREE_TRIES));
    return Math.max(0, attempts.lastMs + delayMs - this.#nowMs());
  }

  failed(address: string): void {
    const key = keyOf(address);
    const count = (this.#current(key)?.count ?? 0) + 1;
    this.#byAddress.delete(key);
    const [oldest] = this.#byAddress.keys();
    if (oldest !== undefined && this.#byAddress.size >= ADDRESSES_KEPT) this.#byAddress.delete(oldest);
    this.#byAddress.set(key, { count, lastMs: this.#nowMs() });
  }

  /** It was none: it counted as one only while it was looked at. */
  takeBack(address: string): void {
    const key = keyOf(address);
    const attempts = this.#byAddress.get(key);
    if (attempts) this.#byAddress.set(key, { ...attempts, count: Math.max(0, attempts.count - 1) });
  }

  #current(key: string): Attempts | undefined {
    const attempts = this.#byAddress.get(key);
    if (!attempts || this.#nowMs() - attempts.lastMs < FORGOTTEN_AFTER_MS) return attempts;
    this.#byAddress.delete(key);
    return undefined;
  }
}

/** One customer's IPv6 network counts as one address, since it holds as many addresses as anybody wants. */
function keyOf(address: string): string {
  const plain = address.replace(/^::ffff:(?=\d+\.)/i, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = Array.from({ length: Math.max(0, 8 - groups.length - last.length) }, () => '0');
  return [...groups, ...zeros, ...last].slice(0, 4).join(':');
}
