import { AppError } from '../base/errors.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { PATH_MAX, ROOT, type TreePath } from '../filesystem/tree-path.ts';
import type { Owner } from '../filesystem/operation.ts';
import type { FileStat } from '../filesystem/file-tree.ts';
import { type OwnerMapping, ownersByName } from './account-ids.ts';
import type { MirrorCapabilities } from './link-state.ts';
import { bootIdOf } from './boot-id.ts';
import { BulkStaging } from './bulk-staging.ts';
import { DefaultAttributes } from './default-attributes.ts';
import { ReservedDirectory } from './reserved-directory.ts';
import { RemoteTools } from './remote-tools.ts';
import { toFileStat } from './sftp-attributes.ts';
import { isRefusal, type SftpAttributes } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import { WriteHandles } from './write-handles.ts';
import { probeWriting, type WriteProbe } from './write-probe.ts';

/** What a tree knows and keeps for the life of one session; it goes with the session. */
export class ReplicaSession {
  readonly session: SftpSession;
  readonly rootPath: string;
  readonly handles: WriteHandles;
  readonly reserved: ReservedDirectory;
  readonly tools: RemoteTools;
  readonly bulk: BulkStaging;
  readonly defaults = new DefaultAttributes();
  /** Nothing is there, as was seen before it was let in, and nothing has been put there since. */
  isBare = false;
  readonly #owner: MirrorConfiguration['owner'];
  /** Undefined where owners are the same numbers there. */
  #mapping: OwnerMapping | undefined;
  #probe: Promise<WriteProbe> | undefined;
  #bootId: Promise<string | undefined> | undefined;

  constructor(session: SftpSession, rootPath: string, owner: MirrorConfiguration['owner']) {
    this.session = session;
    this.rootPath = rootPath;
    this.handles = new WriteHandles(session);
    this.reserved = new ReservedDirectory(session, rootPath);
    this.tools = new RemoteTools(session, this.reserved);
    this.bulk = new BulkStaging(session, this.reserved);
    this.#owner = owner;
  }

  /** At the real path of the mirror's directory, with what its owners need. */
  static async open(
    session: SftpSession,
    rootPath: string,
    owner: MirrorConfiguration['owner'],
  ): Promise<ReplicaSession> {
    const replica = new ReplicaSession(session, rootPath, owner);
    if (owner === 'names') replica.#mapping = await ownersByName(session);
    return replica;
  }

  /** The path on the server. Refused before anything is sent where Linux would refuse it. */
  absolute(path: TreePath): string {
    if (path === ROOT) return this.rootPath;
    const absolute = this.rootPath === '/' ? path : this.rootPath + path;
    if (Buffer.byteLength(absolute) > PATH_MAX) {
      throw new AppError('NAME_TOO_LONG', `too long on the mirror: ${this.rootPath} and the path below it`);
    }
    return absolute;
  }

  /** Whether owners are set here: as configured, or with `auto` where this login may. */
  async keepsOwners(): Promise<boolean> {
    if (this.#owner !== 'auto') return this.#owner !== 'ignore';
    // On a full or read-only disk nothing can be learnt. Owners are then demanded rather than silently left out.
    return (await this.probe())?.owners ?? true;
  }

  /** What to set for this local owner; undefined where owners aren't kept. */
  async ownerThere(owner: Owner): Promise<Owner | undefined> {
    if (!(await this.keepsOwners())) return undefined;
    const { uid, gid } = owner;
    return this.#mapping?.there(owner) ?? { uid, gid };
  }

  /** With the owner as this machine knows it. */
  statOf(attributes: SftpAttributes): FileStat {
    const stat = toFileStat(attributes);
    return this.#mapping ? { ...stat, ...this.#mapping.here(stat) } : stat;
  }

  async capabilities(): Promise<MirrorCapabilities> {
    const { extensions, writePieceBytes } = this.session;
    const [probe, bootId] = await Promise.all([this.probe(), this.bootId()]);
    return {
      atomicRename: extensions.posixRename,
      fsync: extensions.fsync,
      hardLinks: extensions.hardlink,
      lsetstat: extensions.lsetstat,
      statvfs: extensions.statvfs,
      owners: await this.keepsOwners(),
      maxWriteBytes: writePieceBytes,
      writable: probe !== undefined,
      clockAheadMs: probe?.clockAheadMs,
      bootId,
    };
  }

  /** Asks once a session. */
  bootId(): Promise<string | undefined> {
    this.#bootId ??= bootIdOf(this.session);
    return this.#bootId;
  }

  /** Looks once a session, and again while the server refuses: then undefined. */
  async probe(): Promise<WriteProbe | undefined> {
    this.#probe ??= probeWriting(this.session, this.reserved);
    try {
      return await this.#probe;
    } catch (thrown) {
      this.#probe = undefined;
      if (!isRefusal(thrown)) throw thrown;
      return undefined;
    }
  }
}
