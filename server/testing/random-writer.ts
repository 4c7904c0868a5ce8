import { statSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { compareTrees } from './compare-trees.ts';
import type { MountAnswer, MountCall, MountWorker } from './mount-worker.ts';
import { randomCall } from './random-calls.ts';
import { SeededRandom } from './seeded-random.ts';

/** What a program hears whose mount dies; nothing else may come out differently from a plain disk. */
const DEAD = ['ENOTCONN', 'ECONNABORTED', 'ENODEV', 'EIO', 'EINTR'];
const PAGE_BYTES = 4096;
type ContentCall = Extract<MountCall, { call: 'write' | 'append' }>;

/** The plain directory has times of its own. */
const TIMELESS = { ignoreFileTimes: true, ignoreDirectoryTimes: true } as const;

export interface RandomWriterOptions {
  readonly directory: string;
  readonly worker: MountWorker;
  readonly roots: { readonly mount: string; readonly expected: string };
  readonly seed: number;
  /** What goes wrong beside crashes. */
  readonly faults?: FaultyMirrors;
}

export interface FaultyMirrors {
  /** What a call may fail with because of a mirror; then it must have changed nothing. */
  readonly errno: RegExp;
  /** Where to look whether it has. */
  readonly local: string;
  /** What no call may take longer than. */
  readonly boundMs: number;
}

/** What a program has to heed. */
export interface Circumstances {
  readonly isDead: () => boolean;
  /** Whether to make no further call. */
  readonly isOver?: () => boolean;
}

/**
 * One program that calls one after the other, in a directory of its own. Beside the mount it keeps a plain directory
 * in which every acknowledged call is repeated: what the mount must hold. Of the call that a crash interrupts
 * it knows only that it must have happened as a whole or not at all.
 */
export class RandomWriter {
  readonly directory: string;
  readonly #worker: MountWorker;
  readonly #roots: RandomWriterOptions['roots'];
  readonly #faults: FaultyMirrors | undefined;
  readonly #random: SeededRandom;
  readonly #history: string[] = [];
  #unknown: MountCall | undefined;
  calls = 0;
  acknowledged = 0;
  /** Failed because of a mirror. */
  failed = 0;
  slowestMs = 0;
  /** How often an interrupted call turned out to have happened, and not to. */
  readonly outcomes = { everywhere: 0, nowhere: 0 };

  constructor(options: RandomWriterOptions) {
    this.directory = options.directory;
    this.#worker = options.worker;
    this.#roots = options.roots;
    this.#faults = options.faults;
    this.#random = new SeededRandom(options.seed);
  }

  async prepare(localPath: string): Promise<void> {
    for (const root of [localPath, this.#roots.expected])
      await mkdir(join(root, this.directory, 'one'), { recursive: true });
  }

  /** Calls until the mount dies or it is over; rejects with what came out otherwise than on a plain disk. */
  async run({ isDead, isOver = () => false }: Circumstances): Promise<void> {
    while (!isOver()) {
      const call = randomCall(this.#random, this.#roots.expected, this.directory);
      const answer = await this.#worker.call(this.#roots.mount, call);
      this.#note(call, answer);
      if (!answer.ok && isDead() && DEAD.includes(answer.errno ?? '')) {
        this.#unknown = call;
        return;
      }
      if (this.#faults?.errno.test(answer.errno ?? '')) await this.#expectUnchanged(call, this.#faults);
      else if (!this.#isPart(call, answer)) await this.#repeat(call, answer);
      else {
        const rest = await this.#repeatPart(call, answer.doneBytes ?? 0);
        if (!isDead()) continue;
        this.#unknown = rest;
        return;
      }
    }
  }

  /** Compares the directory of one replica with what it must hold, and from now on expects what it does hold. */
  async check(replica: string): Promise<string[]> {
    const compare = () =>
      compareTrees(
        [this.#roots.expected, replica].map((root) => join(root, this.directory)),
        TIMELESS,
      );
    const call = this.#unknown;
    this.#unknown = undefined;
    const without = await compare();
    if (without.length === 0) {
      if (call) this.outcomes.nowhere += 1;
      return [];
    }
    for (const part of call ? this.#partsOf(call) : []) {
      await this.#worker.call(this.#roots.expected, part);
      if ((await compare()).length > 0) continue;
      this.outcomes.everywhere += 1;
      return [];
    }
    const withIt = await compare();
    return [
      'neither before nor after its last call:',
      ...without,
      '| after:',
      ...withIt,
      ...this.#history.slice(-12),
    ];
  }

  /** The kernel cuts a long write(2) at pages into requests of their own, each of which is there or not. */
  #partsOf(call: MountCall): MountCall[] {
    if (!isContent(call)) return [call];
    const file = statSync(join(this.#roots.expected, call.path), { throwIfNoEntry: false });
    if (!file) return [call];
    const { path, sizeBytes, fill } = call;
    const offset = call.call === 'write' ? call.offset : file.size;
    const parts: MountCall[] = [];
    for (let end = nextPage(offset); end < offset + sizeBytes; end = nextPage(end)) {
      parts.push({ call: 'write', path, offset, fill, sizeBytes: end - offset });
    }
    return [...parts, { call: 'write', path, offset, fill, sizeBytes }];
  }

  /** Between two of the kernel's requests for one write(2) the mount died or a mirror failed. */
  #isPart(call: MountCall, { ok, doneBytes }: MountAnswer): call is ContentCall {
    return ok && isContent(call) && doneBytes !== call.sizeBytes;
  }

  /** The first of these requests were told of. Answers the whole, as it may be there if the others were unheard. */
  async #repeatPart(call: ContentCall, doneBytes: number): Promise<MountCall> {
    const { path, sizeBytes, fill } = call;
    const offset = call.call === 'write' ? call.offset : statSync(join(this.#roots.expected, path)).size;
    await this.#repeat(
      { call: 'write', path, offset, fill, sizeBytes: doneBytes },
      { ok: true, elapsedMs: 0, doneBytes },
    );
    return { call: 'write', path, offset, fill, sizeBytes };
  }

  async #expectUnchanged(call: MountCall, { local }: FaultyMirrors): Promise<void> {
    this.failed += 1;
    const found = await this.check(local);
    if (found.length > 0)
      throw new Error([`failed, and not without a trace: ${said(call)}`, ...found].join('\n'));
  }

  async #repeat(call: MountCall, answer: MountAnswer): Promise<void> {
    const expected = await this.#worker.call(this.#roots.expected, call);
    if (answer.ok) this.acknowledged += 1;
    if (
      expected.ok === answer.ok &&
      expected.errno === answer.errno &&
      expected.doneBytes === answer.doneBytes
    )
      return;
    const problem = `${this.directory}: ${said(call)} got ${said(answer)}, a disk says ${said(expected)}`;
    throw new Error([problem, ...this.#history.slice(-12)].join('\n'));
  }

  #note(call: MountCall, { errno, elapsedMs }: MountAnswer): void {
    this.calls += 1;
    this.slowestMs = Math.max(this.slowestMs, elapsedMs);
    this.#history.push(`${new Date().toISOString()} ${said(call)} -> ${errno ?? 'ok'}`);
    if (this.#history.length > 100) this.#history.shift();
    const boundMs = this.#faults?.boundMs ?? Infinity;
    if (elapsedMs > boundMs)
      throw new Error(`${said(call)} took ${elapsedMs} ms, at most ${boundMs} were due`);
  }
}

function said(value: unknown): string {
  return JSON.stringify(value);
}

function isContent(call: MountCall): call is ContentCall {
  return call.call === 'write' || call.call === 'append';
}

function nextPage(offset: number): number {
  return (Math.floor(offset / PAGE_BYTES) + 1) * PAGE_BYTES;
}
