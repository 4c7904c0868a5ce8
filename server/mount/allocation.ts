import { fstatSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { AppError } from '../base/errors.ts';
import { truncateDescriptor, writeFully } from '../filesystem/descriptors.ts';
import type { Operation } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { Allocation, Caller } from '../fuse/driver.ts';
import { onLocal, type AttributeChanges } from './attribute-changes.ts';
import type { OpenFile } from './open-files.ts';

/** linux/falloc.h */
const KEEP_SIZE = 0x01;
const PUNCH_HOLE = 0x02;
const ZERO_RANGE = 0x10;
/** More zeros would be several transactions, and when one of them fails the call had changed some of the range. */
const MOST_ZEROS_BYTES = 1024 * 1024;

type Change =
  | { readonly kind: 'grow'; readonly sizeBytes: number }
  | { readonly kind: 'zeros'; readonly offset: number; readonly lengthBytes: number };

/**
 * fallocate(2), as far as SFTP can carry it: a file grows, and a range becomes zeros by being written. Space can't be
 * reserved on a mirror, so what asks for nothing else is refused with NOT_SUPPORTED, as is what moves content.
 */
export async function allocate(
  attributes: AttributeChanges,
  file: OpenFile,
  asked: Allocation,
  caller: Caller,
): Promise<void> {
  mustBeCarried(asked);
  const now = async () => {
    const { size } = fstatSync(file.fd);
    return { sizeBytes: size, change: await changeOf(file, asked, size) };
  };
  await attributes.changeContent({ file }, caller, {
    build: async (path) => {
      const { sizeBytes, change } = await onLocal(now);
      if (!change) return undefined;
      return {
        operation: operationOf(path, change),
        stillHolds: (found) => Number(found.size) === sizeBytes,
      };
    },
    onOrphan: () => onLocal(async () => applyTo(file, (await now()).change)),
  });
  file.dirty = true;
}

function mustBeCarried({ mode, lengthBytes }: Allocation): void {
  const zeroes =
    mode === (PUNCH_HOLE | KEEP_SIZE) || mode === (ZERO_RANGE | KEEP_SIZE) || mode === ZERO_RANGE;
  if (mode !== 0 && !zeroes) throw new AppError('NOT_SUPPORTED', 'SFTP has no form for it');
  if (zeroes && lengthBytes > MOST_ZEROS_BYTES)
    throw new AppError('NOT_SUPPORTED', 'a range of more than 1 MiB is not made zeros in one transaction');
}

/** What there is to do on a file of this size. */
async function changeOf(file: OpenFile, asked: Allocation, sizeBytes: number): Promise<Change | undefined> {
  const { mode, offset } = asked;
  const end = offset + asked.lengthBytes;
  if (mode === 0) {
    if (end <= sizeBytes) return undefined;
    await mustFit(file, end - sizeBytes);
    return { kind: 'grow', sizeBytes: end };
  }
  const lengthBytes = (mode & KEEP_SIZE ? Math.min(end, sizeBytes) : end) - offset;
  return lengthBytes <= 0 ? undefined : { kind: 'zeros', offset, lengthBytes };
}

async function mustFit({ fd }: OpenFile, moreBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(`/proc/self/fd/${fd}`);
  if (moreBytes > bavail * bsize) throw new AppError('NO_SPACE');
}

function operationOf(path: TreePath, change: Change): Operation {
  if (change.kind === 'grow') return { kind: 'truncate', path, sizeBytes: change.sizeBytes };
  return { kind: 'write', path, offset: change.offset, data: Buffer.alloc(change.lengthBytes) };
}

async function applyTo({ fd }: OpenFile, change: Change | undefined): Promise<void> {
  if (change?.kind === 'grow') await truncateDescriptor(fd, change.sizeBytes);
  if (change?.kind === 'zeros') await writeFully(fd, Buffer.alloc(change.lengthBytes), change.offset);
}
