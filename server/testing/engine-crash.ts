import { AppError } from '../base/errors.ts';
import type { Operation } from '../filesystem/operation.ts';
import type { Step } from '../transaction/step.ts';
import type { Engine } from './engine.ts';
import { waitUntil } from './wait-until.ts';

/** A moment at which the process of the engine ends, as seen by one transaction. */
export interface CrashPoint {
  readonly name: string;
  readonly step: Step;
  /** Mirrors that have carried the operation out by then; the others were not asked. */
  readonly applied: readonly string[];
  /** The third mirror refuses, so that the transaction is on its way back. */
  readonly undoing?: boolean;
  /** Whether the local tree has it by then: what recovery must come to. */
  readonly committed?: boolean;
}

const ALL = ['m1', 'm2', 'm3'];

export const CRASH_POINTS: readonly CrashPoint[] = [
  { name: 'noted', step: 'intent-noted', applied: [] },
  { name: 'applying', step: 'mirror-applying', applied: [] },
  { name: 'on one mirror', step: 'mirror-applied', applied: ['m1'] },
  { name: 'on two mirrors', step: 'mirror-applied', applied: ['m2', 'm3'] },
  { name: 'on all mirrors', step: 'mirror-applied', applied: ALL },
  { name: 'all mirrors applied', step: 'all-mirrors-applied', applied: ALL },
  { name: 'committed', step: 'local-committed', applied: ALL, committed: true },
  { name: 'answering', step: 'answering', applied: ALL, committed: true },
  { name: 'undoing', step: 'undoing', applied: ['m1', 'm2'], undoing: true },
  { name: 'mirror undoing', step: 'mirror-undoing', applied: ['m1', 'm2'], undoing: true },
  { name: 'mirror undone', step: 'mirror-undone', applied: ['m1', 'm2'], undoing: true },
  { name: 'undone', step: 'undone', applied: ['m1', 'm2'], undoing: true },
];

/**
 * Runs each operation up to its crash point, all of them in one engine, and ends that engine as a kill would:
 * nothing of it goes on. Each operation needs a top directory of its own. The engine is then to be restarted.
 */
export async function crashAt(
  engine: Engine,
  cases: readonly { readonly operation: Operation; readonly point: CrashPoint }[],
): Promise<void> {
  const undoing = new Gate();
  const halting = new Map(
    cases.map(({ operation, point }) => [topOf(operation.path), new HaltingSteps(point, undoing)]),
  );
  engine.step = (step, about) => halting.get(topOf(about.path))?.hook(step, about) ?? Promise.resolve();
  for (const { name, tree } of engine.mirrors) {
    tree.refuses = ({ path }) =>
      halting.get(topOf(path))?.refuses(name) ? new AppError('NO_SPACE', 'injected') : undefined;
  }
  for (const { operation } of cases) void engine.coordinator.run(operation).catch(() => {});
  const all = [...halting];
  // A mirror with a path on its way back takes part in nothing else, so those come when all others are there.
  await everyone(all, 'on its way', (steps) => (steps.point.undoing ? steps.hasApplied : steps.halted));
  undoing.open();
  await everyone(all, 'at its crash point', (steps) => steps.halted);
  await engine.die();
}

async function everyone(
  all: readonly (readonly [string, HaltingSteps])[],
  where: string,
  isThere: (steps: HaltingSteps) => boolean,
): Promise<void> {
  const missing = () =>
    all.filter(([, steps]) => !isThere(steps)).map(([top, { point }]) => `${top} ${point.name}`);
  await waitUntil(where, () => missing().length === 0, 30_000).catch((cause: unknown) => {
    throw new Error(`not ${where}: ${missing().join(', ')}`, { cause });
  });
}

class Gate {
  readonly opened: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.opened = new Promise((resolve) => (this.open = resolve));
  }
}

/** Lets one transaction get as far as its crash point, and no further. */
class HaltingSteps {
  readonly point: CrashPoint;
  readonly #undoing: Gate;
  readonly #arrived = new Set<string>();
  readonly #applied = new Set<string>();

  constructor(point: CrashPoint, undoing: Gate) {
    this.point = point;
    this.#undoing = undoing;
  }

  hook(step: Step, { mirror = '' }: { readonly mirror?: string }): Promise<void> {
    if (step === 'mirror-applied') this.#applied.add(mirror);
    if (step === 'mirror-applying' && this.refuses(mirror)) return this.#undoing.opened;
    const isKept = step === 'mirror-applying' && !this.point.applied.includes(mirror);
    if (!isKept && step !== this.point.step) return Promise.resolve();
    this.#arrived.add(mirror);
    return new Promise(() => {});
  }

  refuses(mirror: string): boolean {
    return this.point.undoing === true && mirror === 'm3';
  }

  get hasApplied(): boolean {
    return this.point.applied.every((name) => this.#applied.has(name));
  }

  /** Every mirror has come to the step, or was kept from applying. */
  get halted(): boolean {
    return this.#awaited().every((name) => this.#arrived.has(name));
  }

  #awaited(): readonly string[] {
    if (!this.point.step.startsWith('mirror-')) return [''];
    return this.point.undoing ? ['m1', 'm2'] : ALL;
  }
}

function topOf(path: string): string {
  return path.split('/')[1] ?? '';
}
