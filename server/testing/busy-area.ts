import type { Operation } from '../filesystem/operation.ts';
import { treePath } from '../filesystem/tree-path.ts';
import type { SeededRandom } from './seeded-random.ts';

const FILES_EACH = 20;

interface Directory {
  readonly index: number;
  renames: number;
  readonly files: Set<number>;
}

/** Random changes of a bounded number of paths: files made, overwritten and removed, and their directories renamed. */
export class BusyArea {
  readonly paths: number;
  readonly #random: SeededRandom;
  readonly #directories: Directory[];

  constructor(paths: number, random: SeededRandom) {
    this.#random = random;
    const count = Math.ceil(paths / FILES_EACH);
    this.paths = count * FILES_EACH;
    this.#directories = Array.from({ length: count }, (_, index) => ({
      index,
      renames: 0,
      files: new Set(),
    }));
  }

  /** What has to be there before the first change. */
  prepare(): Operation[] {
    const directories = this.#directories.map((directory) => nameOf(directory));
    return ['/area', ...directories].map((path) => ({ kind: 'mkdir', path: treePath(path), mode: 0o755 }));
  }

  /** One change, as one operation or a few. */
  change(): Operation[] {
    const directory = this.#random.pick(this.#directories);
    if (this.#random.chance(0.02)) return [this.#rename(directory)];
    const file = this.#random.below(FILES_EACH);
    const path = treePath(`${nameOf(directory)}/f${file}`);
    const data = Buffer.alloc(1 + this.#random.below(2000), this.#random.below(256));
    const write: Operation = { kind: 'write', path, offset: 0, data };
    if (!directory.files.has(file)) {
      directory.files.add(file);
      return [{ kind: 'create', path, mode: 0o644 }, write];
    }
    if (this.#random.chance(0.7)) return [write];
    directory.files.delete(file);
    return [{ kind: 'unlink', path }];
  }

  #rename(directory: Directory): Operation {
    const path = treePath(nameOf(directory));
    directory.renames += 1;
    return { kind: 'rename', path, to: treePath(nameOf(directory)) };
  }
}

/** Two names take turns, so that the paths stay as many as they are. */
function nameOf({ index, renames }: Directory): string {
  return `/area/${renames % 2 === 0 ? 'd' : 'renamed-'}${index}`;
}
