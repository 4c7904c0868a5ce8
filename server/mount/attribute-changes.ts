import { fstatSync } from 'node:fs';
import { AppError } from '../base/errors.ts';
import { chmodDescriptor, chownDescriptor, truncateDescriptor } from '../filesystem/descriptors.ts';
import { appErrorOf } from '../filesystem/errno.ts';
import { setTimesOfDescriptor } from '../filesystem/local-times.ts';
import type { AttributeChange, Caller } from '../fuse/driver.ts';
import type { FileChanges, Plan, Target } from './file-changes.ts';
import type { OpenFile, OpenFiles } from './open-files.ts';
import { hasPrivilege, isUnprivileged, withoutPrivilege } from './privilege-bits.ts';

const NS_PER_MS = 1_000_000n;

/**
 * The fields of a setattr, each a transaction of its own in the order size, owner, mode, times: a later one
 * mustn't be spoilt by what an earlier one does to it (a new size moves the mtime, a new owner takes mode
 * bits). The kernel sends more than one field only where a program asked for several in one call (never, in
 * practice, but for both times). When one fails, the ones before it stay, and the call reports the failure.
 */
export class AttributeChanges {
  readonly #changes: FileChanges;
  readonly #files: OpenFiles;

  constructor(changes: FileChanges, files: OpenFiles) {
    this.#changes = changes;
    this.#files = files;
  }

  async apply(target: Target, change: AttributeChange, caller: Caller): Promise<void> {
    if (change.sizeBytes !== undefined) await this.truncate(target, change.sizeBytes, caller);
    if (change.uid !== undefined || change.gid !== undefined) await this.#chown(target, change, caller);
    if (change.mode !== undefined) await this.chmod(target, change.mode & 0o7777, caller);
    if (change.atime !== undefined || change.mtime !== undefined)
      await this.#setTimes(target, change, caller);
  }

  async truncate(target: Target, sizeBytes: number, caller: Caller): Promise<void> {
    await this.changeContent(target, caller, {
      build: async (path) => ({ operation: { kind: 'truncate', path, sizeBytes } }),
      onOrphan: (file) => onLocal(() => truncateDescriptor(file.fd, sizeBytes)),
    });
    await this.#noteWritten(target);
  }

  async chmod(target: Target, mode: number, caller: Caller): Promise<void> {
    const plan: Plan = {
      build: async (path) => ({ operation: { kind: 'chmod', path, mode } }),
      onOrphan: (file) => onLocal(() => chmodDescriptor(file.fd, mode)),
    };
    await this.#changes.run(target, plan, caller);
  }

  /** Runs a change of content; as on Linux, one by an unprivileged caller first takes set-user-id and set-group-id away. */
  async changeContent(target: Target, caller: Caller, plan: Plan): Promise<void> {
    const unprivileged = isUnprivileged(caller);
    let modeToSet: number | undefined;
    const guarded: Plan = {
      build: async (path) => {
        if (modeToSet !== undefined) await this.chmod(target, modeToSet, caller);
        modeToSet = undefined;
        const planned = await plan.build(path);
        return (
          planned && {
            operation: planned.operation,
            stillHolds: (now) => {
              if (unprivileged && hasPrivilege(now)) modeToSet = withoutPrivilege(now);
              return modeToSet === undefined && planned.stillHolds?.(now) !== false;
            },
          }
        );
      },
      onOrphan: async (file) => {
        if (unprivileged) await dropPrivilege(file);
        await plan.onOrphan(file);
      },
    };
    await this.#changes.run(target, guarded, caller);
  }

  /** The mtime has moved: the mirrors hear of it when an open file is closed, else at once. */
  async #noteWritten(target: Target): Promise<void> {
    if ('file' in target) {
      target.file.dirty = true;
      return;
    }
    const writers = this.#files.at(target.path).filter((file) => file.writable);
    for (const file of writers) file.dirty = true;
    if (writers.length === 0) await this.#changes.settlePath(target.path);
  }

  async #chown(target: Target, { uid, gid, mode }: AttributeChange, caller: Caller): Promise<void> {
    const plan: Plan = {
      build: async (path) => {
        const stat = await this.#changes.existing(path);
        const owner = { uid: uid ?? Number(stat.uid), gid: gid ?? Number(stat.gid) };
        return {
          operation: { kind: 'chown', path, ...owner },
          stillHolds: (now) => now.uid === stat.uid && now.gid === stat.gid,
        };
      },
      onOrphan: async ({ fd }) => {
        await onLocal(async () => {
          const stat = fstatSync(fd);
          await chownDescriptor(fd, uid ?? stat.uid, gid ?? stat.gid);
        });
      },
    };
    const before = await this.#changes.run(target, plan, caller);
    // The local kernel took these bits by itself; said as a chmod, the mirrors agree whatever theirs did.
    if (mode === undefined && before && hasPrivilege(before)) {
      await this.chmod(target, withoutPrivilege(before), caller);
    }
  }

  async #setTimes(target: Target, change: AttributeChange, caller: Caller): Promise<void> {
    const nowNs = BigInt(Date.now()) * NS_PER_MS;
    const wanted = (time: bigint | 'now' | undefined) => (time === 'now' ? nowNs : time);
    const atimeNs = wanted(change.atime);
    const mtimeNs = wanted(change.mtime);
    const plan: Plan = {
      build: async (path) => {
        if (atimeNs !== undefined && mtimeNs !== undefined) {
          return { operation: { kind: 'times', path, atimeNs, mtimeNs } };
        }
        const stat = await this.#changes.existing(path);
        return {
          operation: {
            kind: 'times',
            path,
            atimeNs: atimeNs ?? stat.atimeNs,
            mtimeNs: mtimeNs ?? stat.mtimeNs,
          },
          // An atime set alone must not take back the mtime of a write that came between.
          stillHolds: (now) => mtimeNs !== undefined || now.mtimeNs === stat.mtimeNs,
        };
      },
      onOrphan: (file) => setOrphanTimes(file, atimeNs, mtimeNs),
    };
    await this.#changes.run(target, plan, caller);
  }
}

async function setOrphanTimes(file: OpenFile, atimeNs?: bigint, mtimeNs?: bigint): Promise<void> {
  await onLocal(async () => {
    const stat = fstatSync(file.fd, { bigint: true });
    setTimesOfDescriptor(file.fd, { atimeNs: atimeNs ?? stat.atimeNs, mtimeNs: mtimeNs ?? stat.mtimeNs });
  });
}

async function dropPrivilege(file: OpenFile): Promise<void> {
  await onLocal(async () => {
    const stat = fstatSync(file.fd, { bigint: true });
    if (hasPrivilege(stat)) await chmodDescriptor(file.fd, withoutPrivilege(stat));
  });
}

/** Runs a step on a local descriptor, its errno translated. */
export async function onLocal<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    throw error instanceof AppError ? error : appErrorOf(error);
  }
}
