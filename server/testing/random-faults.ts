import { sleep } from '../base/wait.ts';
import type { MirroredAppliance } from './mirrored-appliance.ts';
import { SeededRandom } from './seeded-random.ts';

const CALM_MS = { least: 50, most: 800 };
/** Some outages are over before a call's last attempt, others are not. */
const OUTAGE_MS = { least: 20, most: 2500 };
const MOST_BYTES = 200_000;

interface Fault {
  readonly begin: (stand: MirroredAppliance, random: SeededRandom) => Promise<void> | void;
  readonly end: (stand: MirroredAppliance) => Promise<void> | void;
}

const cut: Fault['begin'] = ({ link }, random) => {
  const leftBytes = Math.floor(MOST_BYTES ** random.fraction());
  link.cutAfter(leftBytes, random.pick(['to-target', 'from-target']));
};

/** What happens to the second mirror, and how it ends. */
const FAULTS: Readonly<Record<string, Fault>> = {
  killed: { begin: ({ second }) => second.kill(), end: ({ second }) => second.restart() },
  frozen: { begin: ({ second }) => second.freeze(), end: ({ second }) => second.thaw() },
  silent: { begin: ({ link }) => link.freeze(), end: ({ link }) => link.thaw() },
  cut: { begin: cut, end: () => {} },
  'cut off': {
    begin: (stand, random) => {
      stand.link.refuse();
      void cut(stand, random);
    },
    end: ({ link }) => {
      link.reset();
      link.accept();
    },
  },
};

/** Has the second mirror fail now and then, until it is told to stop; then it is sound. */
export class RandomFaults {
  readonly #stand: MirroredAppliance;
  readonly #random: SeededRandom;
  readonly #stopped = new AbortController();
  /** How often each has happened. */
  readonly counts: Record<string, number> = {};

  constructor(stand: MirroredAppliance, seed: number) {
    this.#stand = stand;
    this.#random = new SeededRandom(seed);
  }

  stop(): void {
    this.#stopped.abort();
  }

  /** Resolves once it is stopped and the last fault has ended; each begins with every mirror in sync. */
  async run(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      await this.#stand.backInSync();
      await this.#pause(CALM_MS);
      const name = this.#random.pick(Object.keys(FAULTS));
      const fault = FAULTS[name];
      await fault?.begin(this.#stand, this.#random);
      await this.#pause(OUTAGE_MS);
      await fault?.end(this.#stand);
      this.counts[name] = (this.counts[name] ?? 0) + 1;
    }
    await this.#stand.backInSync();
  }

  async #pause({ least, most }: { least: number; most: number }): Promise<void> {
    await sleep(least + this.#random.below(most - least), this.#stopped.signal).catch(() => {});
  }
}
