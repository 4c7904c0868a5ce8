import { isDeepStrictEqual } from 'node:util';
import type { FoundAttributes, MountAnswer, MountCall } from './mount-worker.ts';
import { SeededRandom } from './seeded-random.ts';
import type { ModelNode } from './tree-model/nodes.ts';
import { pathsOf, randomTreeCall } from './tree-model/tree-calls.ts';
import { type Expected, type ExpectedFinding, TreeModel } from './tree-model/tree-model.ts';

/** The kernel's clock for files goes in ticks. */
const TICK_MS = 20;
const SWEEP_EVERY = 1000;
const HISTORY = 30;
const LOOKS: readonly MountCall['call'][] = ['read', 'list', 'stat', 'lstat', 'readlink'];

export interface TreeCheckerOptions {
  /** Does one call below an empty directory of its own, which has this mode. */
  readonly call: (call: MountCall) => Promise<MountAnswer>;
  readonly mode: number;
  readonly seed: number;
  /** What a change may fail with when a mirror does; then nothing may have changed. */
  readonly faults?: RegExp;
}

/** Makes random calls one after the other, and compares what comes of each with a model of the tree. */
export class TreeChecker {
  readonly #options: TreeCheckerOptions;
  readonly #random: SeededRandom;
  readonly #model: TreeModel;
  readonly #inodes = new WeakMap<ModelNode, number>();
  readonly #history: string[] = [];
  calls = 0;
  /** Of these, refused as a disk would. */
  refused = 0;
  /** Changes that failed because of a mirror. */
  failed = 0;

  constructor(options: TreeCheckerOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    this.#model = new TreeModel(options.mode);
  }

  /** Goes on until so many calls were made and so many failed; rejects with the first thing that comes out otherwise than on a disk. */
  async run(calls: number, failures = 0): Promise<void> {
    while (this.calls < calls || this.failed < failures) {
      await this.#step(randomTreeCall(this.#random, this.#model.root));
      if (this.calls % SWEEP_EVERY === 0) await this.#sweep();
    }
    await this.#sweep();
  }

  /** Looks at everything. */
  async #sweep(): Promise<void> {
    for (const { path } of pathsOf(this.#model.root)) await this.#lookAt(path, LOOKS);
  }

  async #step(wanted: MountCall): Promise<void> {
    const isChange = !LOOKS.includes(wanted.call);
    const startMs = Date.now();
    const answer = await this.#call(wanted);
    const call = this.#asFarAsDone(wanted, answer);
    const expected = this.#model.expected(call);
    this.calls += 1;
    const hasFailed = isChange && expected.errno === undefined && this.#isFault(answer);
    if (hasFailed) this.failed += 1;
    else this.#compare(call, expected, answer);
    if (expected.errno !== undefined) this.refused += 1;
    else if (!hasFailed) expected.change(startMs);
    if (isChange) await this.#lookAround(call, hasFailed);
  }

  #isFault({ errno }: MountAnswer): boolean {
    return errno !== undefined && this.#options.faults?.test(errno) === true;
  }

  /** The kernel cuts a long write(2) at pages into requests of their own; where a later one fails, the first ones count. */
  #asFarAsDone(call: MountCall, { doneBytes }: MountAnswer): MountCall {
    const isWrite = call.call === 'write' || call.call === 'append';
    if (!this.#options.faults || !isWrite || doneBytes === undefined) return call;
    return { ...call, sizeBytes: doneBytes };
  }

  async #lookAround(call: MountCall, closely: boolean): Promise<void> {
    for (const path of 'to' in call ? [call.path, call.to] : [call.path]) {
      await this.#lookAt(path, closely ? LOOKS : ['lstat']);
      const end = path.lastIndexOf('/');
      if (closely && end > 0) await this.#lookAt(path.slice(0, end), LOOKS);
    }
  }

  async #lookAt(path: string, looks: readonly MountCall['call'][]): Promise<void> {
    for (const look of looks) {
      const call = { call: look, path } as MountCall;
      this.#compare(call, this.#model.expected(call), await this.#call(call));
    }
  }

  async #call(call: MountCall): Promise<MountAnswer> {
    const answer = await this.#options.call(call);
    this.#history.push(`${JSON.stringify(call)} -> ${answer.errno ?? JSON.stringify(answer.found) ?? 'ok'}`);
    if (this.#history.length > HISTORY) this.#history.shift();
    return answer;
  }

  #compare(call: MountCall, expected: Expected, answer: MountAnswer): void {
    const problem = this.#problemOf(call, expected, answer);
    if (problem === undefined) return;
    throw new Error([`call ${this.calls}: ${problem}`, ...this.#history].join('\n'));
  }

  #problemOf(call: MountCall, expected: Expected, answer: MountAnswer): string | undefined {
    if (expected.errno !== answer.errno) return `errno ${answer.errno}, a disk says ${expected.errno}`;
    if (expected.errno !== undefined) return undefined;
    if ((call.call === 'write' || call.call === 'append') && answer.doneBytes !== call.sizeBytes)
      return `wrote ${answer.doneBytes} bytes`;
    return expected.found === undefined ? undefined : this.#difference(expected.found, answer.found);
  }

  #difference(expected: ExpectedFinding, found: MountAnswer['found']): string | undefined {
    if (typeof expected === 'string' || !('node' in expected))
      return isDeepStrictEqual(found, expected)
        ? undefined
        : `found otherwise than ${JSON.stringify(expected)}`;
    const { mtimeMs, inode, ...certain } = found as FoundAttributes;
    if (!isDeepStrictEqual(certain, expected.certain))
      return `has other attributes than ${JSON.stringify(expected.certain)}`;
    return this.#timeProblem(expected.node, mtimeMs) ?? this.#inodeProblem(expected.node, inode);
  }

  #timeProblem({ mtime }: ModelNode, mtimeMs: number): string | undefined {
    const isRight =
      'setMs' in mtime
        ? mtimeMs === mtime.setMs
        : mtimeMs >= mtime.sinceMs - TICK_MS && mtimeMs <= Date.now() + TICK_MS;
    return isRight ? undefined : `mtime ${mtimeMs} should be ${JSON.stringify(mtime)}`;
  }

  #inodeProblem(node: ModelNode, inode: number): string | undefined {
    const known = this.#inodes.get(node);
    this.#inodes.set(node, inode);
    return known === undefined || known === inode ? undefined : `inode ${inode} was ${known}`;
  }
}
