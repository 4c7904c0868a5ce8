import type { MountCall } from '../mount-worker.ts';
import type { SeededRandom } from '../seeded-random.ts';
import type { ModelDirectory, ModelNode } from './nodes.ts';

const NAMES = ['a', 'b', 'c', 'd e', 'grüße', '-f'];
const DEEPEST = 4;
const MOST_BYTES = 60_000;
const FILE_MODES = [0o600, 0o644, 0o755, 0o4755, 0o2755, 0o6711, 0o444, 0o000];
const DIRECTORY_MODES = [0o755, 0o700, 0o2755, 0o2775, 0o1755];
/** The rest of the calls take any path: what fails must fail as on a disk. */
const AIMED = 0.8;

type Kind = MountCall['call'];
const many = (count: number, ...kinds: readonly Kind[]) =>
  kinds.flatMap((kind) => Array<Kind>(count).fill(kind));
/** Each as often as it stands here. */
const CALLS: readonly Kind[] = [
  ...many(5, 'create', 'rename', 'write'),
  ...many(3, 'append', 'mkdir', 'read', 'lstat', 'list', 'unlink'),
  ...many(2, 'truncate', 'rmdir', 'link', 'symlink', 'chmod', 'chown', 'times', 'stat'),
  ...many(1, 'readlink'),
];

/** Every path of a tree without symlinks followed, parents before what they hold. */
export function pathsOf(root: ModelDirectory): { readonly path: string; readonly node: ModelNode }[] {
  return [...root.children].flatMap(([name, node]) => {
    const below = node.kind === 'directory' ? pathsOf(node) : [];
    return [{ path: name, node }, ...below.map((inner) => ({ ...inner, path: `${name}/${inner.path}` }))];
  });
}

/** Any call on the tree, mostly one that can succeed. */
export function randomTreeCall(random: SeededRandom, root: ModelDirectory): MountCall {
  const paths = new TreePaths(random, root);
  const call = random.pick(CALLS);
  // Told apart by its number, so that a torn write shows.
  const fill = `${random.below(1_000_000)} `;
  const sizeBytes = 1 + random.below(random.chance(0.2) ? MOST_BYTES : 500);
  switch (call) {
    case 'create':
      if (random.chance(0.3)) return { call, path: paths.of('file'), mode: 0o640, replace: true };
      return { call, path: paths.free(), mode: random.pick([0o600, 0o644, 0o666]) };
    case 'write':
      return { call, path: paths.of('file'), offset: random.below(5000), sizeBytes, fill };
    case 'append':
      return { call, path: paths.of('file'), sizeBytes, fill };
    case 'truncate':
      return { call, path: paths.of('file'), sizeBytes: random.below(6000) };
    case 'mkdir':
      return { call, path: paths.free(), mode: random.pick([0o777, 0o755, 0o700]) };
    case 'rename':
      return { call, path: paths.any(), to: random.chance(0.5) ? paths.any() : paths.free() };
    case 'link':
      return { call, path: random.chance(0.9) ? paths.of('file') : paths.any(), to: paths.free() };
    case 'symlink':
      return { call, path: paths.free(), target: paths.target() };
    case 'chmod':
      return random.chance(0.3)
        ? { call, path: paths.of('directory'), mode: random.pick(DIRECTORY_MODES) }
        : { call, path: paths.of('file'), mode: random.pick(FILE_MODES) };
    case 'chown':
      return { call, path: paths.any(), uid: random.below(3), gid: random.below(3), ofLink: true };
    case 'times':
      // Quarters of a second are exact in every unit.
      return { call, path: paths.any(), mtimeSeconds: random.below(8e9) / 4, ofLink: random.chance(0.8) };
    case 'rmdir':
    case 'list':
      return { call, path: paths.of('directory') };
    case 'read':
      return { call, path: paths.of('file') };
    case 'readlink':
      return { call, path: paths.of('symlink') };
    default:
      return { call, path: paths.any() };
  }
}

/** Paths to call with, by what there is. */
class TreePaths {
  readonly #random: SeededRandom;
  readonly #all: ReturnType<typeof pathsOf>;

  constructor(random: SeededRandom, root: ModelDirectory) {
    this.#random = random;
    this.#all = pathsOf(root);
  }

  of(kind: ModelNode['kind']): string {
    return this.#aimed(this.#all.filter(({ node }) => node.kind === kind));
  }

  any(): string {
    return this.#aimed(this.#all);
  }

  /** Mostly a name not in use, in a directory or behind a symlink. */
  free(): string {
    const parents = this.#all.filter(
      ({ path, node }) => node.kind !== 'file' && path.split('/').length < DEEPEST,
    );
    const directories = ['', ...parents.map(({ path }) => `${path}/`)];
    const known = new Set(this.#all.map(({ path }) => path));
    const path = () => `${this.#random.pick(directories)}${this.#random.pick(NAMES)}`;
    const tried = [path(), path(), path()];
    return tried.find((one) => !known.has(one)) ?? tried[0] ?? 'a';
  }

  /** Where a symlink may point to: below its own directory, so that it never leads out of the tree. */
  target(): string {
    const name = () => this.#random.pick(NAMES);
    return this.#random.pick([name(), name(), `${name()}/${name()}`, 'nowhere/'.repeat(20) + name()]);
  }

  #aimed(choices: ReturnType<typeof pathsOf>): string {
    if (choices.length > 0 && this.#random.chance(AIMED)) return this.#random.pick(choices).path;
    const wild = () => this.#random.pick(NAMES);
    return this.#random.chance(0.5) ? wild() : `${wild()}/${wild()}`;
  }
}
