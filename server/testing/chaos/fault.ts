import { sleep } from '../../base/wait.ts';
import type { SeededRandom } from '../seeded-random.ts';

/** One thing that goes wrong, and how it ends. */
export interface Fault {
  readonly name: string;
  start(): Promise<void> | void;
  heal(): Promise<void> | void;
}

/** A fault of this kind, as hard as chance will have it. */
export type FaultKind = (random: SeededRandom) => Fault;

interface Span {
  readonly least: number;
  readonly most: number;
}

/** What one part of the whole suffers from, one after the other. */
export interface Lane {
  readonly name: string;
  readonly faults: readonly FaultKind[];
  readonly calmMs: Span;
  readonly outageMs: Span;
  readonly random: SeededRandom;
}

/** Has faults come and go, each said with its time, until `signal`; then the last one is healed. */
export async function runLane(lane: Lane, signal: AbortSignal, say: (line: string) => void): Promise<void> {
  const { name, random } = lane;
  while (!signal.aborted) {
    // Drawn before anything happens, so that the same seed draws the same.
    const [calmMs, outageMs] = [among(lane.calmMs, random), among(lane.outageMs, random)];
    const fault = random.pick(lane.faults)(random);
    if (!(await pause(calmMs, signal))) return;
    say(`${name}: ${fault.name}, for ${Math.round(outageMs)} ms`);
    try {
      await fault.start();
      await pause(outageMs, signal);
    } finally {
      await fault.heal();
    }
    say(`${name}: healed (${fault.name})`);
  }
}

/** Short ones as often as long ones. */
function among({ least, most }: Span, random: SeededRandom): number {
  return least * (most / least) ** random.fraction();
}

/** False when it was broken off. */
async function pause(ms: number, signal: AbortSignal): Promise<boolean> {
  await sleep(ms, signal).catch(() => {});
  return !signal.aborted;
}
