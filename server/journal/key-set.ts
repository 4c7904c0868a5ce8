import { createHash } from 'node:crypto';

/** 96 bits: among millions of keys two have the same fingerprint with a chance of one in 10^16. */
const WORDS = 3;
const FIRST_SLOTS = 1024;
/** Beyond this share of used slots looking takes long. */
const MOST_FILLED = 0.7;

/** Which of very many keys are in, by their fingerprints alone: 17 to 35 bytes each, however long they are. */
export class KeySet {
  #slots = new Uint32Array(FIRST_SLOTS * WORDS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  has(key: string): boolean {
    return this.#isUsed(this.#slotOf(fingerprintOf(key)));
  }

  add(key: string): void {
    if (this.#size >= (this.#slots.length / WORDS) * MOST_FILLED) this.#grow();
    this.#put(fingerprintOf(key));
  }

  delete(key: string): void {
    let hole = this.#slotOf(fingerprintOf(key));
    if (!this.#isUsed(hole)) return;
    this.#size -= 1;
    // What stands behind moves up, unless it would stand before the slot where looking for it begins.
    for (let at = this.#next(hole); this.#isUsed(at); at = this.#next(at)) {
      const begin = this.#first(this.#slots.subarray(at, at + WORDS));
      const staysReachable = hole <= at ? begin <= hole || begin > at : begin <= hole && begin > at;
      if (!staysReachable) continue;
      this.#slots.copyWithin(hole, at, at + WORDS);
      hole = at;
    }
    this.#slots.fill(0, hole, hole + WORDS);
  }

  clear(): void {
    this.#slots = new Uint32Array(FIRST_SLOTS * WORDS);
    this.#size = 0;
  }

  #put(fingerprint: Uint32Array): void {
    const slot = this.#slotOf(fingerprint);
    if (this.#isUsed(slot)) return;
    this.#slots.set(fingerprint, slot);
    this.#size += 1;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    this.#size = 0;
    for (let at = 0; at < before.length; at += WORDS) {
      if (before[at] !== 0) this.#put(before.subarray(at, at + WORDS));
    }
  }

  /** Where it stands, or would. */
  #slotOf(fingerprint: Uint32Array): number {
    let slot = this.#first(fingerprint);
    while (this.#isUsed(slot) && !this.#holds(slot, fingerprint)) slot = this.#next(slot);
    return slot;
  }

  #first(fingerprint: Uint32Array): number {
    return ((fingerprint[0] ?? 0) % (this.#slots.length / WORDS)) * WORDS;
  }

  #next(slot: number): number {
    return (slot + WORDS) % this.#slots.length;
  }

  #isUsed(slot: number): boolean {
    return this.#slots[slot] !== 0;
  }

  #holds(slot: number, fingerprint: Uint32Array): boolean {
    return fingerprint.every((word, index) => this.#slots[slot + index] === word);
  }
}

/** The first word is never 0, which marks a free slot. */
function fingerprintOf(key: string): Uint32Array {
  const digest = createHash('sha1').update(key).digest();
  return Uint32Array.of(digest.readUInt32LE(0) || 1, digest.readUInt32LE(4), digest.readUInt32LE(8));
}
