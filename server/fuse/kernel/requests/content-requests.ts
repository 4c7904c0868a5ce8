import { constants } from 'node:fs';
import { AppError } from '../../../base/errors.ts';
import type { Caller } from '../../driver.ts';
import { DONE, structureAnswer, type Answer } from '../answer.ts';
import { route, type Call, type Route } from '../call.ts';
import type { Node } from '../node.ts';
import type { Body } from '../protocol/body.ts';
import { FLAGS } from '../protocol/flags.ts';
import { LARGEST_CONTENT_BYTES } from '../protocol/limits.ts';
import { OPCODE } from '../protocol/opcodes.ts';
import type { ValueOf } from '../protocol/structure.ts';
import { FALLOCATE_IN, READ_IN, WRITE_IN, WRITE_OUT } from '../protocol/structures.ts';
import type { Served } from '../served.ts';
import { openHandle } from './file-requests.ts';

/** Reads up to this size get memory of their own; for larger ones it is lent. */
const SMALL_READ_BYTES = 64 * 1024;

type Write = ValueOf<typeof WRITE_IN> & { readonly data: Buffer };

/** Reading and writing, and what else changes content by an open file. */
export function contentRequests(served: Served): readonly (readonly [number, Route])[] {
  return [
    [
      OPCODE.READ,
      route(
        (body) => body.structure(READ_IN),
        (args) => read(served, args),
      ),
    ],
    [OPCODE.WRITE, route(writeArguments, (args, call) => write(served, args, call))],
    [
      OPCODE.FALLOCATE,
      route(
        (body) => body.structure(FALLOCATE_IN),
        (args, call) => fallocate(served, args, call),
      ),
    ],
  ];
}

/** The data stays in the memory of the message, which is lent until the request is answered. */
function writeArguments(body: Body): Write {
  const header = body.structure(WRITE_IN);
  return { ...header, data: body.bytes(header.size) };
}

async function read({ handlers, readBuffers }: Served, args: ValueOf<typeof READ_IN>): Promise<Answer> {
  const { fh, offset, size } = args;
  if (size > LARGEST_CONTENT_BYTES) throw new AppError('INVALID_ARGUMENT', 'more asked for than was agreed');
  if (size <= SMALL_READ_BYTES) {
    const target = Buffer.allocUnsafe(size);
    return { body: [target.subarray(0, await handlers.read(fh, offset, target))] };
  }
  const lent = await readBuffers.take();
  const giveBack = () => readBuffers.give(lent);
  try {
    const done = await handlers.read(fh, offset, lent.subarray(0, size));
    return { body: [lent.subarray(0, done)], sent: giveBack };
  } catch (error) {
    giveBack();
    throw error;
  }
}

async function write(served: Served, args: Write, { header, caller }: Call): Promise<Answer> {
  const { fh, offset, size, data, flags, write_flags } = args;
  const { node, open } = openHandle(served.nodes.find(header.nodeid), fh);
  const isMapped = (write_flags & FLAGS.FUSE_WRITE_CACHE) !== 0;
  // Pages of a memory map come with any handle that can write, and belong where they are, not at the end.
  const append = (flags & constants.O_APPEND) !== 0 && !isMapped;
  open.written = true;
  node.stamp = undefined;
  try {
    await served.handlers.write(fh, offset, data, caller, append);
  } catch (error) {
    // ORDER: not waited for, since the kernel holds these pages until the answer.
    if (isMapped) void served.notifications.contentChanged(node, { offset, sizeBytes: size });
    throw error;
  }
  node.stamp = undefined;
  await privilegeGone(served, node, caller);
  return structureAnswer(WRITE_OUT, { size });
}

async function fallocate(
  served: Served,
  { fh, mode, offset, length }: ValueOf<typeof FALLOCATE_IN>,
  { header, caller }: Call,
): Promise<Answer> {
  const { node, open } = openHandle(served.nodes.find(header.nodeid), fh);
  open.written = true;
  node.stamp = undefined;
  await served.handlers.allocate(fh, { mode, offset, lengthBytes: length }, caller);
  node.stamp = undefined;
  await privilegeGone(served, node, caller);
  return DONE;
}

/** ORDER: before the writer goes on, the kernel must not believe in a set-user-id bit that the change took away. */
async function privilegeGone({ notifications }: Served, node: Node, { uid }: Caller): Promise<void> {
  if (!node.privileged || uid === 0) return;
  await notifications.attributesChanged(node);
  node.privileged = false;
}
