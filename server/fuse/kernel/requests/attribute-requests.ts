import { AppError } from '../../../base/errors.ts';
import { ROOT } from '../../../filesystem/tree-path.ts';
import type { AttributeChange, Attributes, Caller, Handle } from '../../driver.ts';
import { structureAnswer, type Answer } from '../answer.ts';
import { route, type Call, type Route } from '../call.ts';
import { borrowing, hasPrivilege, type Node } from '../node.ts';
import { timeNs } from '../protocol/attributes.ts';
import { FLAGS } from '../protocol/flags.ts';
import { OPCODE } from '../protocol/opcodes.ts';
import type { ValueOf } from '../protocol/structure.ts';
import { GETATTR_IN, KSTATFS, SETATTR_IN } from '../protocol/structures.ts';
import { attributesAnswer, type Served } from '../served.ts';

type SetattrIn = ValueOf<typeof SETATTR_IN>;

/** Requests about the attributes of a node. */
export function attributeRequests(served: Served): readonly (readonly [number, Route])[] {
  return [
    [
      OPCODE.GETATTR,
      route(
        (body) => body.structure(GETATTR_IN),
        (args, call) => getattr(served, args, call),
      ),
    ],
    [
      OPCODE.SETATTR,
      route(
        (body) => body.structure(SETATTR_IN),
        (args, call) => setattr(served, args, call),
      ),
    ],
    [
      OPCODE.READLINK,
      route(
        () => undefined,
        (_, call) => readlink(served, call),
      ),
    ],
    [
      OPCODE.STATFS,
      route(
        () => undefined,
        () => statfs(served),
      ),
    ],
  ];
}

/** The attributes of a node, by an open handle where there is one, since that is the file whatever happens to names. */
export async function attributesOfNode(
  served: Served,
  node: Node,
  handle: Handle | undefined,
  caller: Caller,
): Promise<Attributes> {
  const { handlers, nodes, paths } = served;
  const open = handle ?? node.anyHandle();
  if (open !== undefined)
    return mustBe(node, await handlers.getattr(nodes.pathOf(node) ?? ROOT, open, caller));
  if (node.gone) return node.gone;
  return paths.at(node, async (path) => mustBe(node, await handlers.getattr(path, undefined, caller)));
}

async function getattr(served: Served, args: ValueOf<typeof GETATTR_IN>, call: Call): Promise<Answer> {
  const node = served.nodes.get(call.header.nodeid);
  const handle = args.getattr_flags & FLAGS.FUSE_GETATTR_FH ? args.fh : undefined;
  return attributesAnswer(served, node, await attributesOfNode(served, node, handle, call.caller));
}

async function setattr(served: Served, args: SetattrIn, { header, caller }: Call): Promise<Answer> {
  const { handlers, nodes, paths } = served;
  const node = nodes.get(header.nodeid);
  const change = changeOf(args);
  if (Object.keys(change).length === 0) {
    const now = await attributesOfNode(served, node, undefined, caller);
    if (!mayTakePrivilege(node, now, caller)) return attributesAnswer(served, node, now);
    Object.assign(change, { uid: now.uid, gid: now.gid });
  }
  node.stamp = undefined;
  // By handle the change follows the file through renames, and reaches one that has no name left.
  const handle = args.valid & FLAGS.FATTR_FH ? args.fh : node.anyHandle();
  const attributes =
    handle === undefined
      ? await paths.at(node, (path) => handlers.setattr(path, undefined, change, caller))
      : await borrowing(node, handle, () =>
          handlers.setattr(nodes.pathOf(node) ?? ROOT, handle, change, caller),
        );
  node.stamp = undefined;
  return attributesAnswer(served, node, mustBe(node, attributes));
}

/**
 * A change of nothing is a chown(2) that names neither owner nor group, which is to move the ctime and to take
 * set-user-id from a program: setting the owner that is there does both. Or it announces a write that takes those bits,
 * which the write does itself; and strangers, whom the kernel lets through, may not take them otherwise.
 */
function mayTakePrivilege(node: Node, now: Attributes, caller: Caller): boolean {
  return !node.isFile || !hasPrivilege(now) || caller.uid === 0 || caller.uid === now.uid;
}

function changeOf(args: SetattrIn): AttributeChange {
  const { valid } = args;
  const has = (flag: number) => (valid & flag) !== 0;
  const time = (set: number, now: number, seconds: bigint, nanoseconds: number) => {
    if (has(now)) return 'now' as const;
    return has(set) ? timeNs(seconds, nanoseconds) : undefined;
  };
  const atime = time(FLAGS.FATTR_ATIME, FLAGS.FATTR_ATIME_NOW, args.atime, args.atimensec);
  const mtime = time(FLAGS.FATTR_MTIME, FLAGS.FATTR_MTIME_NOW, args.mtime, args.mtimensec);
  return {
    ...(has(FLAGS.FATTR_MODE) && { mode: args.mode }),
    ...(has(FLAGS.FATTR_UID) && { uid: args.uid }),
    ...(has(FLAGS.FATTR_GID) && { gid: args.gid }),
    ...(has(FLAGS.FATTR_SIZE) && { sizeBytes: args.size }),
    ...(atime !== undefined && { atime }),
    ...(mtime !== undefined && { mtime }),
  };
}

async function readlink({ handlers, nodes, paths }: Served, { header, caller }: Call): Promise<Answer> {
  const target = await paths.at(nodes.get(header.nodeid), (path) => handlers.readlink(path, caller));
  return { body: [Buffer.from(target)] };
}

async function statfs({ handlers }: Served): Promise<Answer> {
  const found = await handlers.statfs();
  return structureAnswer(KSTATFS, {
    blocks: found.blocks,
    bfree: found.blocksFree,
    bavail: found.blocksAvailable,
    files: found.files,
    ffree: found.filesFree,
    bsize: found.blockSizeBytes,
    namelen: found.nameMaxBytes,
    frsize: found.blockSizeBytes,
  });
}

/** Another file under the node's name: the kernel then looks the name up anew. */
export function mustBe(node: Node, attributes: Attributes): Attributes {
  if (!node.is(attributes)) throw new AppError('STALE_HANDLE');
  return attributes;
}
