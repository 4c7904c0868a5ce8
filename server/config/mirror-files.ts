import { absolutePath, localPath, type PathBase } from './local-paths.ts';
import { isInside, type OwnPaths } from './path-checks.ts';
import type { ProblemList } from './problem-list.ts';
import { readOneLine, unreadableReason } from './small-file.ts';
import type { SoundMirror } from './sound-parts.ts';

type FileKey = 'identity_file' | 'known_hosts' | 'password_file';

/** The files of one mirror's login: absolute paths, and the password itself. */
export interface MirrorFiles {
  readonly identityFile: string | undefined;
  readonly knownHosts: string | undefined;
  readonly password: string | undefined;
}

/** Finds the files that a mirror's login needs, and reports those that cannot be read. */
export async function readMirrorFiles(
  mirror: SoundMirror,
  own: OwnPaths,
  base: PathBase,
  list: ProblemList,
): Promise<MirrorFiles> {
  const files = new MirrorFileReader(mirror, own, base, list);
  return {
    identityFile: await files.readable('identity_file'),
    knownHosts: await files.readable('known_hosts'),
    password: await files.password(),
  };
}

class MirrorFileReader {
  readonly #mirror: SoundMirror;
  readonly #own: OwnPaths;
  readonly #base: PathBase;
  readonly #list: ProblemList;

  constructor(mirror: SoundMirror, own: OwnPaths, base: PathBase, list: ProblemList) {
    this.#mirror = mirror;
    this.#own = own;
    this.#base = base;
    this.#list = list;
  }

  async readable(key: FileKey): Promise<string | undefined> {
    const file = await this.#outsideMount(key);
    if (file === undefined) return undefined;
    const reason = await unreadableReason(file);
    if (reason !== undefined) this.#report(key, `the file cannot be read: ${reason}`);
    return file;
  }

  async password(): Promise<string | undefined> {
    const file = await this.#outsideMount('password_file');
    if (file === undefined) return undefined;
    const read = await readOneLine(file);
    if ('secret' in read) return read.secret;
    this.#report('password_file', read.reason);
    return undefined;
  }

  /** Proxyfs must never read what it serves: it would wait for itself. */
  async #outsideMount(key: FileKey): Promise<string | undefined> {
    const written = this.#mirror[key];
    if (written === undefined) return undefined;
    const file = absolutePath(written, this.#base);
    const { mount_point: mount } = this.#own;
    if (mount === undefined || !isInside(mount, await localPath(file))) return file;
    this.#report(key, 'lies inside mount_point');
    return undefined;
  }

  #report(key: FileKey, message: string): void {
    this.#list.add(['mirrors', this.#mirror.name, key], message);
  }
}
