import { RandomWriter } from '../random-writer.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { ChaosStand } from './chaos-stand.ts';
import type { Fault } from './fault.ts';
import { Reader } from './reader.ts';

/** What a change may fail with because of a mirror: also EDQUOT (122), where a full disk has been freed when it is asked why. */
const FAILURE = /^(EIO|ETIMEDOUT|ENOSPC|EROFS|Unknown system error -122)$/;

export interface CrewOptions {
  readonly stand: ChaosStand;
  readonly writers: number;
  readonly random: SeededRandom;
  /** What no change may take longer than, and what no look may. */
  readonly boundMs: { readonly change: number; readonly look: number };
  readonly onFailure: (error: unknown) => void;
}

/** The programs that use the mount. They stop when it dies, and go on when it is back and holds what it must. */
export class Crew {
  readonly #stand: ChaosStand;
  readonly #writers: readonly RandomWriter[];
  readonly #reader: Reader;
  readonly #onFailure: (error: unknown) => void;
  #isDead = false;
  #isOver = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor({ stand, writers, random, boundMs, onFailure }: CrewOptions) {
    this.#stand = stand;
    this.#onFailure = onFailure;
    const { worker } = stand;
    const roots = { mount: stand.appliance.mountPoint, expected: stand.expected };
    const faults = { errno: FAILURE, local: stand.appliance.localPath, boundMs: boundMs.change };
    this.#writers = Array.from({ length: writers }, (_, index) => {
      const seed = random.below(2 ** 31);
      return new RandomWriter({ directory: `w${index}`, worker, roots, seed, faults });
    });
    this.#reader = new Reader({ worker, roots, boundMs: boundMs.look });
  }

  async prepare(): Promise<void> {
    const { localPath } = this.#stand.appliance;
    for (const program of [...this.#writers, this.#reader]) await program.prepare(localPath);
  }

  start(): void {
    this.#isDead = false;
    this.#isOver = false;
    const circumstances = { isDead: () => this.#isDead, isOver: () => this.#isOver };
    const programs = [...this.#writers, this.#reader];
    this.#running = Promise.all(programs.map((program) => program.run(circumstances).catch(this.#onFailure)));
  }

  /** Resolves when the last calls are answered. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
  }

  /** kill -9 of the appliance under them. */
  death(): Fault {
    const { appliance } = this.#stand;
    return {
      name: 'kill -9',
      start: async () => {
        this.#isDead = true;
        await appliance.kill9();
        await this.#running;
      },
      heal: async () => {
        await appliance.start();
        await this.expectWholeCalls();
        this.start();
      },
    };
  }

  /** What was acknowledged is there, what failed is not, what was cut off is there as a whole or not at all. */
  async expectWholeCalls(): Promise<void> {
    const found = await Promise.all(this.#writers.map((each) => each.check(this.#stand.appliance.localPath)));
    if (found.flat().length > 0) throw new Error(found.flat().join('\n'));
  }

  /** For the end of a run. */
  summary(): string {
    const sum = (of: (writer: RandomWriter) => number) => this.#writers.reduce((n, each) => n + of(each), 0);
    const slowestMs = Math.max(...this.#writers.map((writer) => writer.slowestMs));
    return [
      `${this.acknowledged} of ${sum((each) => each.calls)} calls acknowledged`,
      `${sum((each) => each.failed)} failed because of a mirror`,
      `cut off: ${sum((each) => each.outcomes.everywhere)} everywhere, ${sum((each) => each.outcomes.nowhere)} nowhere`,
      `slowest ${slowestMs} ms`,
      `${this.#reader.looks} looks, slowest ${this.#reader.slowestMs} ms`,
    ].join('; ');
  }

  get acknowledged(): number {
    return this.#writers.reduce((total, writer) => total + writer.acknowledged, 0);
  }
}
