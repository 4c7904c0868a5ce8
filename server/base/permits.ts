interface Waiting {
  readonly count: number;
  readonly grant: () => void;
}

/** A bounded number of permits, given out first come, first served. */
export class Permits {
  readonly #all: number;
  #free: number;
  readonly #waiting: Waiting[] = [];

  constructor(count: number) {
    this.#all = count;
    this.#free = count;
  }

  get free(): number {
    return this.#free;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves with the permits, undefined when there are that many at once. Who asks for more than there are gets all. */
  take(count = 1): Promise<void> | undefined {
    const wanted = Math.min(count, this.#all);
    if (this.#waiting.length === 0 && this.#free >= wanted) {
      this.#free -= wanted;
      return undefined;
    }
    return new Promise((grant) => this.#waiting.push({ count: wanted, grant }));
  }

  /** Runs work with one of them. */
  async with<T>(work: () => Promise<T>): Promise<T> {
    await this.take();
    try {
      return await work();
    } finally {
      this.give();
    }
  }

  /** Gives back what one call of `take` was asked for. */
  give(count = 1): void {
    this.#free += Math.min(count, this.#all);
    for (let next = this.#waiting[0]; next && next.count <= this.#free; next = this.#waiting[0]) {
      this.#waiting.shift();
      this.#free -= next.count;
      next.grant();
    }
  }
}
