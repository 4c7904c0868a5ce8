/** The first few of what may be many, and how many there were. */
export class CappedList<Item> {
  readonly items: Item[] = [];
  readonly #most: number;
  #count = 0;

  constructor(most: number) {
    this.#most = most;
  }

  push(item: Item): void {
    this.#count += 1;
    if (this.items.length < this.#most) this.items.push(item);
  }

  get count(): number {
    return this.#count;
  }

  get leftOut(): number {
    return this.#count - this.items.length;
  }
}
