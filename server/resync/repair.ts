import { AppError, hasCode } from '../base/errors.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import { IDENTITY_FILE, parentOf, ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { type Child, childrenOf } from './children.ts';
import { type CompareMode, type ContentRange, sameContent, sameFile, sameMtime } from './comparison.ts';
import type { LinkGroups } from './link-groups.ts';
import { RealDirectories, statLocally } from './real-directories.ts';
import { Sending } from './sending.ts';

/** What repairing one path has left to do elsewhere on the same mirror. */
export type Follow = (affected: AffectedPath) => void;

/** So many missing directories are remembered; others are looked at. */
const MOST_MISSING = 10_000;

/**
 * Makes paths of one mirror equal to the local ones. Every step compares first, so repairing what is already
 * equal changes nothing, and repairing may be broken off and begun anew anywhere.
 */
export class Repair {
  readonly local: LocalTree;
  readonly mirror: FileTree;
  readonly sending: Sending;
  readonly #groups: LinkGroups;
  readonly #follow: Follow;
  readonly #missing: Set<TreePath>;
  readonly #directories: RealDirectories;

  constructor(options: {
    local: LocalTree;
    mirror: FileTree;
    groups: LinkGroups;
    follow: Follow;
    sending?: Sending;
    /** Directories that repairs of this pass have found missing on the mirror. */
    missing?: Set<TreePath>;
    /** Shared by the repairs of a pass. */
    directories?: RealDirectories;
  }) {
    this.local = options.local;
    this.mirror = options.mirror;
    this.#groups = options.groups;
    this.#follow = options.follow;
    this.sending = options.sending ?? new Sending(options);
    this.#missing = options.missing ?? new Set();
    this.#directories = options.directories ?? new RealDirectories(options.mirror);
  }

  /** What the local tree has there, reached through directories alone. */
  here(path: TreePath): Promise<FileStat | undefined> {
    return statLocally(this.local, path);
  }

  /** The same of the mirror. */
  there(path: TreePath): Promise<FileStat | undefined> {
    return this.#directories.stat(path);
  }

  /** One name: existence, type, content and attributes; of a directory not what is below. */
  async entry(path: TreePath, compare: CompareMode): Promise<void> {
    const here = await this.here(path);
    if (here?.type !== 'file' && here?.type !== 'symlink') return this.#entry(path, compare, [path]);
    // RACE: two names of one file, each copied and made the other's link, could end as two files.
    await this.#groups.inTurn(path, (names) => this.#entry(path, compare, names));
  }

  async #entry(path: TreePath, compare: CompareMode, names: readonly TreePath[]): Promise<void> {
    const [here, there] = await Promise.all([this.here(path), this.there(path)]);
    if (!here) return there && this.#remove(path, there);
    if (here.type === 'other') return;
    if (there && there.type !== here.type) await this.#remove(path, there);
    const kept = there?.type === here.type ? there : undefined;
    if (!kept && path !== ROOT) await this.#ensureParent(path);
    if (here.type === 'file') return this.#file(path, { here, kept, names, compare });
    if (here.type === 'directory' && kept) return this.attributes(path, here, kept);
    if (here.type === 'directory')
      await this.mirror.apply({ kind: 'mkdir', path, mode: here.mode }, { repeated: true });
    else await this.#symlink(path, kept, names);
    await this.attributesOf(path);
  }

  /** A directory that is to be filled: its mtime is set when all is in it. */
  async directory(path: TreePath): Promise<void> {
    const [here, there] = await Promise.all([this.here(path), this.there(path)]);
    const isKept = here?.type === 'directory' && there?.type === 'directory';
    if (!isKept) return this.entry(path, 'quick');
    await this.attributes(path, { ...here, mtimeNs: there.mtimeNs }, there);
  }

  /** A file that has one name, and of which the mirror has nothing, in a directory that it has. */
  newFile(path: TreePath, here: FileStat): Promise<void> {
    return this.sending.file(path, here, true);
  }

  /** The directory alone, in one that the mirror has: its attributes come when all is in it. */
  async newDirectory(path: TreePath, { mode }: FileStat): Promise<void> {
    await this.mirror.apply({ kind: 'mkdir', path, mode }, { repeated: true });
  }

  /** A directory that the mirror lacks is put there with all that is in it, in one step; false where the mirror can't, and nothing has changed. */
  async fill(path: TreePath, stat: FileStat, children: readonly Child[]): Promise<boolean> {
    const found = await this.sending.directory(path, stat, children);
    if (!found) return false;
    this.#touched(path);
    await this.attributes(path, stat, found);
    return true;
  }

  /** A directory that the mirror lacks, though it has the one above, is left to a repair of its own, which need not look again. */
  noteMissing(path: TreePath): void {
    if (this.#missing.size < MOST_MISSING) this.#missing.add(path);
  }

  /** Whether that was noted, and nothing was put there since but for the names below it. True once. */
  takeMissing(path: TreePath): boolean {
    return this.#missing.delete(path);
  }

  /** A file or symlink gets a new one on the mirror under all its names: what is there may be linked with another name, and look the same. */
  async fresh(path: TreePath): Promise<void> {
    const [here, there] = await Promise.all([this.here(path), this.there(path)]);
    if (!here || here.type !== there?.type || here.type === 'directory') return;
    await this.#groups.inTurn(path, async (names) => {
      if (names.length > 1 && !this.#groups.firstVisit(names, 'replacing')) return;
      if (here.type === 'symlink') return this.#remove(path, there);
      await this.sending.file(path, here, false);
      await this.#linkNames(path, names, false);
    });
    await this.entry(path, 'quick');
  }

  /** A range of a file's content in place, the size and the attributes. */
  async range(range: ContentRange): Promise<void> {
    const { path } = range;
    const here = await this.here(path);
    if (here?.type !== 'file') return this.entry(path, 'content');
    // RACE: by another name the file may just be copied, with what it held before.
    await this.#groups.inTurn(path, (names) => this.#range(range, names));
  }

  async #range(range: ContentRange, names: readonly TreePath[]): Promise<void> {
    const { path } = range;
    const [here, there] = await Promise.all([this.here(path), this.there(path)]);
    if (here?.type !== 'file' || there?.type !== 'file') return this.#entry(path, 'content', names);
    // A mirror's file that is shorter than the range's beginning lacks more than the range.
    if (there.sizeBytes < Math.min(range.offset, here.sizeBytes)) return this.#entry(path, 'content', names);
    const lengthBytes = Math.min(range.lengthBytes, Math.max(0, here.sizeBytes - range.offset));
    if (!(await sameContent(this.local, this.mirror, { ...range, lengthBytes }))) {
      await this.sending.range({ ...range, lengthBytes });
    }
    await this.#size(path, here);
    await this.attributesOf(path);
  }

  /** Mode, owner and times, where they differ. */
  async attributes(path: TreePath, here: FileStat, there: FileStat): Promise<void> {
    try {
      await this.#setAttributes(path, here, there);
    } catch (error) {
      // The directory that a mirror lives in may belong to its server (a chroot): its attributes are the server's then.
      if (path !== ROOT || !hasCode(error, 'ACCESS_DENIED', 'NOT_PERMITTED')) throw error;
    }
  }

  async #setAttributes(path: TreePath, here: FileStat, there: FileStat): Promise<void> {
    const apply = this.mirror.apply.bind(this.mirror);
    const { uid, gid, mode, atimeNs, mtimeNs } = here;
    const otherOwner = uid !== there.uid || gid !== there.gid;
    // chown(2) takes setuid and setgid away, so the mode comes after it.
    if (otherOwner) await apply({ kind: 'chown', path, uid, gid }, { repeated: true });
    if (here.type !== 'symlink' && (otherOwner || mode !== there.mode)) {
      await apply({ kind: 'chmod', path, mode }, { repeated: true });
    }
    if (!sameMtime(here, there)) await apply({ kind: 'times', path, atimeNs, mtimeNs }, { repeated: true });
  }

  /** Removes a directory with all below it: only where the local tree is known to hold none. */
  async removeAll(path: TreePath, there: FileStat): Promise<void> {
    if (there.type === 'directory') {
      for await (const child of childrenOf(this.mirror, path)) await this.removeAll(child.path, child.stat);
    }
    await this.#remove(path, there);
  }

  /** All names of the local file, itself included. */
  namesOf(path: TreePath): Promise<readonly TreePath[]> {
    return this.#groups.namesOf(path);
  }

  /** Mode, owner and times; what is missing or of another type is put there. */
  async attributesOf(path: TreePath): Promise<void> {
    const [here, there] = await Promise.all([this.here(path), this.there(path)]);
    if (!here || here.type === 'other') return;
    if (!there || there.type !== here.type) return this.entry(path, 'content');
    await this.attributes(path, here, there);
  }

  async #remove(path: TreePath, there: FileStat): Promise<void> {
    // What is missing in a local tree whose disk has gone was not deleted by anybody.
    if (!(await this.local.readReserved(IDENTITY_FILE))) {
      throw new AppError(
        'LOCAL_UNKNOWN',
        'local_path has lost its identity: nothing is removed from a mirror',
      );
    }
    const kind = there.type === 'directory' ? 'rmdir' : 'unlink';
    try {
      await this.mirror.apply({ kind, path }, { repeated: true });
    } catch (error) {
      if (!hasCode(error, 'NOT_EMPTY')) throw error;
      const what = `${path} holds what the local tree does not: ${error.message}`;
      throw new AppError('MIRROR_DIVERGED', what, { cause: error });
    }
    this.#directories.forget(path);
    this.#touched(path);
  }

  /** A directory of the mirror, with all below it. Rejects with MIRROR_DIVERGED where it can't be put at `to` yet. */
  async move(path: TreePath, to: TreePath): Promise<void> {
    if (!(await this.#directories.reach(to))) {
      throw new AppError('MIRROR_DIVERGED', `${parentOf(to)} is no directory on the mirror yet`);
    }
    await this.mirror.apply({ kind: 'rename', path, to }, { repeated: true });
    this.#directories.forgetAll();
  }

  async #ensureParent(path: TreePath): Promise<void> {
    const parent = parentOf(path);
    if (!(await this.#directories.reach(path))) await this.#entry(parent, 'content', [parent]);
    this.#touched(path);
  }

  async #symlink(path: TreePath, kept: FileStat | undefined, names: readonly TreePath[]): Promise<void> {
    const target = await this.local.readLink(path);
    const same = kept !== undefined && (await this.mirror.readLink(path)) === target;
    if (!same) {
      if (kept) await this.#remove(path, kept);
      await this.mirror.apply({ kind: 'symlink', path, target }, { repeated: true });
    }
    try {
      await this.#linkNames(path, names, same);
    } catch (error) {
      // Such a server has a symlink of its own for each name.
      if (!hasCode(error, 'NOT_SUPPORTED')) throw error;
    }
  }

  async #file(
    path: TreePath,
    found: {
      here: FileStat;
      kept: FileStat | undefined;
      names: readonly TreePath[];
      compare: CompareMode;
    },
  ): Promise<void> {
    const { here, kept, names, compare } = found;
    const same =
      kept !== undefined && (await sameFile(this.local, this.mirror, { path, here, there: kept, compare }));
    if (same) await this.attributes(path, here, kept);
    else {
      await this.sending.file(path, here, false);
      this.#touched(path);
    }
    await this.#linkNames(path, names, same);
  }

  async #linkNames(path: TreePath, names: readonly TreePath[], same: boolean): Promise<void> {
    // SFTP tells no link counts: names that look the same are linked anew, but only once in a pass.
    if (names.length === 1 || (same && !this.#groups.firstVisit(names, 'linking'))) return;
    for (const name of names) {
      if (name === path) continue;
      await this.#ensureParent(name);
      await this.mirror.replaceWithLink(name, path);
      this.#touched(name);
      // RACE: the name may have gone since it was found, and may have been repaired as gone before it was linked.
      if (!(await this.#groups.areLinked(name, path))) this.#follow({ kind: 'entry', path: name });
    }
  }

  async #size(path: TreePath, here: FileStat): Promise<void> {
    const there = await this.there(path);
    if (!there || there.sizeBytes === here.sizeBytes) return;
    await this.mirror.apply({ kind: 'truncate', path, sizeBytes: here.sizeBytes }, { repeated: true });
  }

  /** The mirror's clock has set the parent's mtime. */
  #touched(path: TreePath): void {
    this.#follow({ kind: 'attributes', path: parentOf(path) });
  }
}
