import {
  chmodSync,
  chownSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { everyOddName, oddName } from './odd-names.ts';
import { SeededRandom } from './seeded-random.ts';

const FILES_PER_DIRECTORY = 12;
const MAX_DEPTH = 8;
const ODD_SHARE = 0.08;
const FILE_MODES = [0o000, 0o444, 0o600, 0o666, 0o755, 0o777, 0o2755, 0o4755, 0o6711] as const;
const DIRECTORY_MODES = [0o700, 0o755, 0o775, 0o1777, 0o2755] as const;
const OWNERS = [
  { uid: 1000, gid: 1000 },
  { uid: 33, gid: 33 },
  { uid: 65534, gid: 65534 },
] as const;

export interface RandomTreeOptions {
  /** Names of regular files, hard links included. */
  readonly files?: number;
  readonly seed?: number;
  /** Gives some entries to other users; by default as root only. */
  readonly owners?: boolean;
}

/** What was built. */
export interface RandomTree {
  readonly seed: number;
  readonly files: number;
  /** Of these files, further names of others. */
  readonly hardLinks: number;
  readonly directories: number;
  readonly symlinks: number;
  readonly sizeBytes: number;
}

/**
 * Fills an existing empty directory with everything that a real tree may hold, the same for the same seed.
 * It works synchronously, so never on a mount or mirror that this very process serves.
 */
export function buildRandomTree(root: string, options: RandomTreeOptions = {}): RandomTree {
  return new TreeBuilder(root, options).build();
}

class TreeBuilder {
  readonly #root: string;
  readonly #seed: number;
  readonly #random: SeededRandom;
  readonly #wantedFiles: number;
  readonly #owners: boolean;
  readonly #content: Buffer;
  readonly #directories: { path: string; depth: number }[];
  readonly #linkable: string[] = [];
  #files = 0;
  #hardLinks = 0;
  #symlinks = 0;
  #sizeBytes = 0;
  #names = 0;

  constructor(
    root: string,
    { files = 10_000, seed = 1, owners = process.getuid?.() === 0 }: RandomTreeOptions,
  ) {
    this.#root = root;
    this.#seed = seed;
    this.#random = new SeededRandom(seed);
    this.#wantedFiles = files;
    this.#owners = owners;
    this.#content = this.#randomBytes(4 * 1024 * 1024);
    this.#directories = [{ path: root, depth: 0 }];
  }

  build(): RandomTree {
    this.#addDirectories(Math.ceil(this.#wantedFiles / FILES_PER_DIRECTORY));
    for (const name of everyOddName('odd').slice(0, this.#wantedFiles)) this.#addFile(join(this.#root, name));
    while (this.#files < this.#wantedFiles) this.#addEntry();
    // These come too late for files: empty ones, also within each other.
    this.#addDirectories(Math.ceil(this.#wantedFiles / 200));
    this.#finishDirectories();
    return {
      seed: this.#seed,
      files: this.#files,
      hardLinks: this.#hardLinks,
      directories: this.#directories.length - 1,
      symlinks: this.#symlinks,
      sizeBytes: this.#sizeBytes,
    };
  }

  #addDirectories(count: number): void {
    const wanted = this.#directories.length + count;
    while (this.#directories.length < wanted) {
      const parent = this.#random.pick(this.#directories);
      if (parent.depth >= MAX_DEPTH) continue;
      const path = join(parent.path, this.#newName('d'));
      mkdirSync(path);
      this.#directories.push({ path, depth: parent.depth + 1 });
    }
  }

  #addEntry(): void {
    const path = join(this.#random.pick(this.#directories).path, this.#newName('f'));
    const kind = this.#random.fraction();
    if (kind < 0.03 && this.#linkable.length > 0) this.#addHardLink(path);
    else if (kind < 0.08) this.#addSymlink(path);
    else this.#addFile(path);
  }

  #addFile(path: string): void {
    const sizeBytes = this.#randomSizeBytes();
    const start = this.#random.below(this.#content.length - sizeBytes + 1);
    writeFileSync(path, this.#content.subarray(start, start + sizeBytes), { flag: 'wx' });
    this.#setAttributes(path, FILE_MODES, 0o644);
    this.#files += 1;
    this.#sizeBytes += sizeBytes;
    if (this.#random.chance(0.05)) this.#linkable.push(path);
  }

  #addHardLink(path: string): void {
    linkSync(this.#random.pick(this.#linkable), path);
    this.#files += 1;
    this.#hardLinks += 1;
  }

  #addSymlink(path: string): void {
    const someDirectory = this.#random.pick(this.#directories).path;
    const target = this.#random.pick([
      'nowhere/at all',
      '..',
      '.',
      '/etc/hostname',
      someDirectory,
      this.#linkable[0] ?? 'no file yet',
      path,
      'x'.repeat(1000),
    ]);
    symlinkSync(target, path);
    const seconds = this.#randomTimeSeconds();
    lutimesSync(path, seconds, seconds);
    this.#symlinks += 1;
  }

  /** From the deepest up, since what is made in a directory changes its time. */
  #finishDirectories(): void {
    const below = this.#directories.slice(1).toSorted((a, b) => b.depth - a.depth);
    for (const { path } of below) this.#setAttributes(path, DIRECTORY_MODES, 0o755);
  }

  #setAttributes(path: string, modes: readonly number[], usualMode: number): void {
    const isOdd = this.#random.chance(0.1);
    // A new owner clears the set-id bits, so the mode comes second.
    if (this.#owners && isOdd) {
      const { uid, gid } = this.#random.pick(OWNERS);
      chownSync(path, uid, gid);
    }
    chmodSync(path, isOdd ? this.#random.pick(modes) : usualMode);
    const seconds = this.#randomTimeSeconds();
    utimesSync(path, seconds, seconds);
  }

  /** From 1970 to 2024, with fractions. */
  #randomTimeSeconds(): number {
    return this.#random.fraction() * 1_700_000_000 + 1;
  }

  /** Most files are small, a few are large, some are empty or end on a round boundary. */
  #randomSizeBytes(): number {
    const kind = this.#random.fraction();
    if (kind < 0.05) return 0;
    if (kind < 0.08) return this.#random.pick([1, 4095, 4096, 4097, 32_768, 65_536]);
    if (kind < 0.95) return this.#random.below(6000);
    if (kind < 0.999) return this.#random.below(100_000);
    return this.#random.below(this.#content.length);
  }

  #newName(letter: string): string {
    this.#names += 1;
    return oddName(this.#random, `${letter}${this.#names}`, ODD_SHARE);
  }

  #randomBytes(sizeBytes: number): Buffer {
    const bytes = Buffer.allocUnsafe(sizeBytes);
    for (let at = 0; at < sizeBytes; at += 4) bytes.writeUInt32LE(this.#random.below(2 ** 32), at);
    return bytes;
  }
}
