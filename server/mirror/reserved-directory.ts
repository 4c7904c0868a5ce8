import { randomBytes } from 'node:crypto';
import { invariant } from '../base/errors.ts';
import { RESERVED_NAME } from '../filesystem/tree-path.ts';
import { isRefusal, OPEN, STATUS, type Tried, tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';

const OWNER_ONLY = 0o700;
const FILE_MODE = 0o600;
const STAGED_NAME = /^[0-9a-f]{24}-\d+$/;

/** `.proxyfs` of one mirror: where things are put aside and staged. */
export class ReservedDirectory {
  readonly path: string;
  readonly undo: string;
  readonly staging: string;
  readonly #session: SftpSession;
  /** Unlike that of any other session. */
  readonly #prefix = randomBytes(12).toString('hex');
  #staged = 0;
  #made: Promise<void> | undefined;

  constructor(session: SftpSession, rootPath: string) {
    this.#session = session;
    this.path = `${rootPath === '/' ? '' : rootPath}/${RESERVED_NAME}`;
    this.undo = `${this.path}/undo`;
    this.staging = `${this.path}/staging`;
  }

  /** Makes the directories, once a session. A refusal shows where they are used. */
  make(): Promise<void> {
    this.#made ??= this.#make();
    return this.#made;
  }

  /** Makes them again after they were found missing. */
  remake(): Promise<void> {
    this.#made = undefined;
    return this.make();
  }

  preImage(name: string): string {
    return `${this.undo}/${plain(name)}`;
  }

  file(name: string): string {
    return `${this.path}/${plain(name)}`;
  }

  newStaged(): string {
    this.#staged += 1;
    return `${this.staging}/${this.#prefix}-${this.#staged}`;
  }

  /**
   * Opens a file that isn't there yet for writing. The directories aren't waited for: the server works requests off in order, and
   * where it doesn't, a missing one is made anew.
   */
  async openNew(at: string): Promise<Tried<Buffer>> {
    const open = () => tried(this.#session.open(at, OPEN.WRITE | OPEN.CREAT | OPEN.EXCL, FILE_MODE));
    this.make().catch(() => {});
    const opened = await open();
    if (!isRefusal(opened.refusal, STATUS.NO_SUCH_FILE)) return opened;
    await this.remake();
    return open();
  }

  /** Whether a session of ours, whichever, has given something this name. */
  isStaged(path: string): boolean {
    return path.startsWith(`${this.staging}/`) && STAGED_NAME.test(path.slice(this.staging.length + 1));
  }

  async #make(): Promise<void> {
    await Promise.all(
      [this.path, this.undo, this.staging].map((path) => tried(this.#session.mkdir(path, OWNER_ONLY))),
    );
  }
}

function plain(name: string): string {
  invariant(/^[\w.-]{1,200}$/.test(name) && !/^\.{1,2}$/.test(name), `a plain name: ${JSON.stringify(name)}`);
  return name;
}
