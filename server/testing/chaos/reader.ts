import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { sleep } from '../../base/wait.ts';
import type { MountCall, MountWorker } from '../mount-worker.ts';
import type { Circumstances } from '../random-writer.ts';

const DIRECTORY = 'still';
const LOOKS: readonly MountCall[] = [
  { call: 'list', path: DIRECTORY },
  { call: 'read', path: `${DIRECTORY}/file` },
  { call: 'readlink', path: `${DIRECTORY}/link` },
];
const PAUSE_MS = 50;

/** A program that only looks at what nobody changes: whatever happens to mirrors, it gets its answer without the network. */
export class Reader {
  readonly #worker: MountWorker;
  readonly #roots: { readonly mount: string; readonly expected: string };
  readonly #boundMs: number;
  looks = 0;
  slowestMs = 0;

  constructor(options: {
    worker: MountWorker;
    roots: { mount: string; expected: string };
    boundMs: number;
  }) {
    this.#worker = options.worker;
    this.#roots = options.roots;
    this.#boundMs = options.boundMs;
  }

  async prepare(localPath: string): Promise<void> {
    for (const root of [localPath, this.#roots.expected]) {
      await mkdir(join(root, DIRECTORY));
      await writeFile(join(root, DIRECTORY, 'file'), 'unchanged\n');
      await this.#worker.call(root, { call: 'symlink', path: `${DIRECTORY}/link`, target: 'file' });
    }
  }

  async run({ isDead, isOver = () => false }: Circumstances): Promise<void> {
    while (!isOver()) {
      for (const look of LOOKS) {
        const problem = await this.#look(look);
        if (isDead()) return;
        if (problem !== undefined) throw new Error(problem);
      }
      await sleep(PAUSE_MS);
    }
  }

  async #look(look: MountCall): Promise<string | undefined> {
    const [answer, expected] = await Promise.all([
      this.#worker.call(this.#roots.mount, look),
      this.#worker.call(this.#roots.expected, look),
    ]);
    this.looks += 1;
    this.slowestMs = Math.max(this.slowestMs, answer.elapsedMs);
    const isRight = answer.ok && isDeepStrictEqual(answer.found, expected.found);
    if (isRight && answer.elapsedMs <= this.#boundMs) return undefined;
    return `${JSON.stringify(look)} got ${JSON.stringify(answer)}, at most ${this.#boundMs} ms were due`;
  }
}
