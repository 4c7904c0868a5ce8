import { constants } from 'node:fs';
import { AppError } from '../../../base/errors.ts';
import { ROOT, type TreePath } from '../../../filesystem/tree-path.ts';
import type { Attributes, Caller, Handle } from '../../driver.ts';
import { DONE, structureAnswer, type Answer } from '../answer.ts';
import { route, type Call, type Route } from '../call.ts';
import { borrowing, isSameContent, stampOf, type Node } from '../node.ts';
import { FLAGS } from '../protocol/flags.ts';
import { OPCODE } from '../protocol/opcodes.ts';
import { encoded, type ValueOf } from '../protocol/structure.ts';
import { CREATE_IN, ENTRY_OUT, FSYNC_IN, OPEN_IN, OPEN_OUT, RELEASE_IN } from '../protocol/structures.ts';
import { entryOut, type Served } from '../served.ts';
import { attributesOfNode, mustBe } from './attribute-requests.ts';

const ACCESS_BITS = constants.O_WRONLY | constants.O_RDWR;

/** Requests about open files, but for reading and writing. */
export function fileRequests(served: Served): readonly (readonly [number, Route])[] {
  const { handlers } = served;
  return [
    [
      OPCODE.OPEN,
      route(
        (body) => body.structure(OPEN_IN),
        ({ flags }, call) => open(served, flags, call),
      ),
    ],
    [
      OPCODE.CREATE,
      route(
        (body) => ({ ...body.structure(CREATE_IN), name: body.text() }),
        (args, call) => create(served, args, call),
      ),
    ],
    [
      OPCODE.FSYNC,
      route(
        (body) => body.structure(FSYNC_IN),
        async ({ fh, fsync_flags }, { caller }) => {
          await handlers.fsync(fh, (fsync_flags & FLAGS.FUSE_FSYNC_FDATASYNC) !== 0, caller);
          return DONE;
        },
      ),
    ],
    [
      OPCODE.RELEASE,
      route(
        (body) => body.structure(RELEASE_IN),
        ({ fh }, call) => release(served, fh, call),
      ),
    ],
  ];
}

async function open(served: Served, flags: number, { header, caller }: Call): Promise<Answer> {
  const { nodes, paths } = served;
  const node = nodes.get(header.nodeid);
  const held = nodes.pathOf(node) === undefined ? node.anyHandle() : undefined;
  const { handle, attributes } = await (held === undefined
    ? paths.at(node, (path) => openAt(served, node, path, flags, caller))
    : reopen(served, node, held, flags, caller));
  const keep = keepsCache(node, attributes) ? FLAGS.FOPEN_KEEP_CACHE : 0;
  return openAnswer(served, node, handle, flags, keep);
}

async function openAt(served: Served, node: Node, path: TreePath, flags: number, caller: Caller) {
  // Emptied only once it is sure to be the file that was meant: a rename may just have changed what is there.
  const opened = await openSurely(served, node, path, flags & ~constants.O_TRUNC, caller);
  if ((flags & constants.O_TRUNC) === 0) return opened;
  return orRelease(served, opened.handle, async () => ({
    handle: opened.handle,
    attributes: await served.handlers.setattr(path, opened.handle, { sizeBytes: 0 }, caller),
  }));
}

/** A file without a name that somebody has open, as /proc/PID/fd leads to it. */
async function reopen(served: Served, node: Node, held: Handle, flags: number, caller: Caller) {
  const { handlers } = served;
  const handle = await borrowing(node, held, () => handlers.reopen(held, flags, caller));
  return orRelease(served, handle, async () => ({
    handle,
    attributes: mustBe(node, await handlers.getattr(ROOT, handle, caller)),
  }));
}

/** Opens the file of the node under the name it has afterwards, or rejects with STALE_HANDLE. */
async function openSurely(served: Served, node: Node, path: TreePath, flags: number, caller: Caller) {
  const { handlers, nodes } = served;
  const handle = await handlers.open(path, flags, caller);
  return orRelease(served, handle, async () => {
    const attributes = mustBe(node, await handlers.getattr(path, handle, caller));
    // The handlers follow renames from the moment that the file is open; one that came just before they missed.
    if (nodes.pathOf(node) !== path) throw new AppError('STALE_HANDLE');
    return { handle, attributes };
  });
}

async function orRelease<T>({ handlers }: Served, handle: Handle, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await handlers.release(handle);
    throw error;
  }
}

async function create(
  served: Served,
  { flags, mode, name }: ValueOf<typeof CREATE_IN> & { readonly name: string },
  { header, caller }: Call,
): Promise<Answer> {
  const { handlers, nodes, paths } = served;
  const directory = nodes.get(header.nodeid);
  let path: TreePath = ROOT;
  const { handle, attributes } = await paths.below(directory, name, (tried) => {
    path = tried;
    return handlers.create(tried, flags, mode, caller);
  });
  const node = nodes.made(directory, name, attributes);
  node.stamp = stampOf(attributes);
  const entry = encoded(ENTRY_OUT, entryOut(served, node, attributes));
  const current = await afterRename(served, { node, path, handle, flags }, caller);
  const opened = openAnswer(served, node, current, flags, 0);
  return {
    body: [entry, ...opened.body],
    unheard: () => {
      opened.unheard?.();
      nodes.forget(node.id, 1);
    },
  };
}

/** As `openSurely` does it for a file that is made already, and can't be made again. */
async function afterRename(
  served: Served,
  made: { node: Node; path: TreePath; handle: Handle; flags: number },
  caller: Caller,
): Promise<Handle> {
  const { node, path, handle, flags } = made;
  if (served.nodes.pathOf(node) === path) return handle;
  const plain = flags & ~(constants.O_CREAT | constants.O_EXCL | constants.O_TRUNC);
  try {
    const again = await served.paths.at(node, (now) => openSurely(served, node, now, plain, caller));
    await served.handlers.release(handle);
    return again.handle;
  } catch {
    // Its name has gone altogether: the handle that there is reaches it.
    return handle;
  }
}

function openAnswer(
  { handlers, nodes }: Served,
  node: Node,
  handle: Handle,
  flags: number,
  keep: number,
): Answer {
  const writable = (flags & ACCESS_BITS) !== constants.O_RDONLY;
  nodes.wasOpened(node, handle, { writable, written: false, borrowers: new Set() });
  // Closing writes out what memory maps have changed; who only reads doesn't wait for what others have.
  const open_flags = keep | (writable ? 0 : FLAGS.FOPEN_NOFLUSH);
  const { body } = structureAnswer(OPEN_OUT, { fh: handle, open_flags });
  const unheard = () => {
    nodes.wasClosed(node, handle);
    void handlers.release(handle);
  };
  return { body, unheard };
}

/**
 * Whether what the kernel's page cache holds of the file is its content still. Everything written through the
 * mount is in that cache already; only a change behind our back moves size and times unseen.
 */
function keepsCache(node: Node, attributes: Attributes): boolean {
  const now = stampOf(attributes);
  const keeps = isSameContent(node.stamp, now);
  node.stamp = now;
  return keeps;
}

async function release(served: Served, handle: Handle, call: Call): Promise<Answer> {
  const { handlers, nodes } = served;
  const node = nodes.find(call.header.nodeid);
  const wasWritten = node?.handles.get(handle)?.written === true;
  if (node && wasWritten) node.stamp = await stampAfterWrites(served, node, handle, call);
  const borrowers = node?.handles.get(handle)?.borrowers;
  if (node) nodes.wasClosed(node, handle);
  await Promise.allSettled([...(borrowers ?? [])]);
  await handlers.release(handle);
  // The kernel may have forgotten the node while the handle was the last to hold it.
  nodes.forget(call.header.nodeid, 0);
  return DONE;
}

async function stampAfterWrites(served: Served, node: Node, handle: Handle, { caller }: Call) {
  try {
    return stampOf(await attributesOfNode(served, node, handle, caller));
  } catch {
    // Then nothing is known of the content, and the next to open it reads it afresh.
    return undefined;
  }
}

/** Rejects a handle that isn't this node's with BAD_HANDLE. */
export function openHandle(node: Node | undefined, handle: Handle) {
  const open = node?.handles.get(handle);
  if (!node || !open) throw new AppError('BAD_HANDLE');
  return { node, open };
}
