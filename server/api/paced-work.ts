/** Work that is done soon after it is asked for, at most once each `paceMs`, and again as long as it says that there may be more. */
export class PacedWork {
  readonly #paceMs: number;
  readonly #work: () => boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(paceMs: number, work: () => boolean) {
    this.#paceMs = paceMs;
    this.#work = work;
  }

  soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      if (this.#work()) this.soon();
    }, this.#paceMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
