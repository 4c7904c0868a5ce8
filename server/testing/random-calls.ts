import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { MountCall } from './mount-worker.ts';
import type { SeededRandom } from './seeded-random.ts';

const NAMES = ['a', 'b', 'c', 'd', 'e'];
const FOLDERS = ['one', 'two', 'one/deep', 'two/deep'];
/** Of symlinks: directories as they are seen from one of them, and what may be the symlink itself. */
const TARGETS = ['one', '../two', 'deep', '.'];
const MOST_BYTES = 60_000;
/** The rest of the calls take any path: what fails must fail as on a disk. */
const AIMED = 0.85;

/** Each as often as it stands here. */
const CALLS: readonly MountCall['call'][] = [
  ...['create', 'create', 'create', 'create', 'write', 'write', 'write', 'append', 'append', 'truncate'],
  ...['mkdir', 'mkdir', 'rmdir', 'unlink', 'unlink', 'rename', 'rename', 'rename', 'link', 'symlink'],
  ...['chmod', 'chown', 'times'],
] as MountCall['call'][];

/** Any call on a few paths below `directory` of the tree at `root`, mostly one that can succeed. */
export function randomCall(random: SeededRandom, root: string, directory: string): MountCall {
  const paths = new RandomPaths(random, root, directory);
  // Told apart by its number, so that a torn write shows.
  const fill = `${random.below(1_000_000)} `;
  const sizeBytes = 1 + random.below(random.chance(0.2) ? MOST_BYTES : 500);
  const call = random.pick(CALLS);
  switch (call) {
    case 'create':
      return { call, path: paths.newName(), mode: random.pick([0o600, 0o644, 0o666]) };
    case 'write':
      return { call, path: paths.file(), offset: random.below(2000), sizeBytes, fill };
    case 'append':
      return { call, path: paths.file(), sizeBytes, fill };
    case 'truncate':
      return { call, path: paths.file(), sizeBytes: random.below(3000) };
    case 'mkdir':
      return { call, path: paths.newFolder(), mode: 0o755 };
    case 'rename':
      if (random.chance(0.3)) return { call, path: paths.folder(), to: paths.newFolder() };
      return { call, path: paths.file(), to: random.chance(0.5) ? paths.file() : paths.newName() };
    case 'link':
      return { call, path: paths.file(), to: paths.newName() };
    case 'symlink':
      return { call, path: paths.newEntry(), target: random.pick([fill.trim(), ...TARGETS]) };
    case 'chmod':
      return { call, path: paths.file(), mode: random.pick([0o600, 0o640, 0o755]) };
    case 'chown':
      return { call, path: paths.file(), uid: random.below(3), gid: random.below(3) };
    case 'times':
      return { call, path: paths.file(), mtimeSeconds: 1_000_000_000 + random.below(1_000_000) };
    case 'rmdir':
      return { call, path: paths.folder() };
    default:
      return { call: 'unlink', path: paths.file() };
  }
}

/** Paths to call with, by what there is. */
class RandomPaths {
  readonly #random: SeededRandom;
  readonly #directory: string;
  readonly #files: readonly string[];
  readonly #folders: readonly string[];

  constructor(random: SeededRandom, root: string, directory: string) {
    this.#random = random;
    this.#directory = directory;
    const entries = entriesBelow(join(root, directory));
    const pathOf = (entry: { parentPath: string; name: string }) =>
      join(entry.parentPath, entry.name).slice(root.length + 1);
    const sorted = entries.sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
    this.#files = sorted.filter((entry) => entry.isFile()).map(pathOf);
    this.#folders = sorted.filter((entry) => entry.isDirectory()).map(pathOf);
  }

  file(): string {
    return this.#aimed(this.#files) ?? this.#anyName();
  }

  folder(): string {
    return this.#aimed(this.#folders) ?? this.#anyFolder();
  }

  newName(): string {
    return (
      this.#aimed(
        this.#missing(NAMES.flatMap((name) => this.#allFolders().map((folder) => `${folder}/${name}`))),
      ) ?? this.#anyName()
    );
  }

  newFolder(): string {
    return (
      this.#aimed(this.#missing(FOLDERS.map((folder) => `${this.#directory}/${folder}`))) ?? this.#anyFolder()
    );
  }

  newEntry(): string {
    return this.#random.chance(0.5) ? this.newName() : this.newFolder();
  }

  #aimed(choices: readonly string[]): string | undefined {
    return choices.length > 0 && this.#random.chance(AIMED) ? this.#random.pick(choices) : undefined;
  }

  /** Those not there whose parent is. */
  #missing(paths: readonly string[]): string[] {
    const known = new Set([...this.#files, ...this.#folders]);
    return paths.filter(
      (path) => !known.has(path) && this.#allFolders().includes(path.slice(0, path.lastIndexOf('/'))),
    );
  }

  #allFolders(): readonly string[] {
    return [this.#directory, ...this.#folders];
  }

  #anyName(): string {
    return `${this.#random.pick([this.#directory, this.#anyFolder()])}/${this.#random.pick(NAMES)}`;
  }

  #anyFolder(): string {
    return `${this.#directory}/${this.#random.pick(FOLDERS)}`;
  }
}

/** Through no symlink, as the recursion of readdir goes with newer versions of Node: two that lead up make a tree without end. */
function entriesBelow(directory: string): Dirent[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => [
    entry,
    ...(entry.isDirectory() ? entriesBelow(join(directory, entry.name)) : []),
  ]);
}
