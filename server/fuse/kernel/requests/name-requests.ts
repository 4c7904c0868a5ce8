import { hasCode } from '../../../base/errors.ts';
import { RESERVED_NAME, ROOT, type TreePath } from '../../../filesystem/tree-path.ts';
import type { Attributes } from '../../driver.ts';
import { DONE, structureAnswer, type Answer } from '../answer.ts';
import { route, type Call, type Route } from '../call.ts';
import type { Body } from '../protocol/body.ts';
import { OPCODE } from '../protocol/opcodes.ts';
import { LINK_IN, MKDIR_IN, MKNOD_IN, RENAME_IN, RENAME2_IN, ENTRY_OUT } from '../protocol/structures.ts';
import type { Node } from '../node.ts';
import { entryAnswer, VALID_SECONDS, type Served } from '../served.ts';
import { attributesOfNode } from './attribute-requests.ts';

/** Requests about names in a directory: the header's node is the directory. */
export function nameRequests(served: Served): readonly (readonly [number, Route])[] {
  const { handlers } = served;
  const text = (body: Body) => body.text();
  return [
    [OPCODE.LOOKUP, route(text, (name, call) => lookup(served, name, call))],
    [
      OPCODE.SYMLINK,
      route(
        named((body) => body.text()),
        ([name, target], call) =>
          make(served, name, call, (path) => handlers.symlink(path, target, call.caller)),
      ),
    ],
    [
      OPCODE.MKNOD,
      route(
        namedAfter((body) => body.structure(MKNOD_IN)),
        ([name, { mode }], call) =>
          make(served, name, call, (path) => handlers.mknod(path, mode, call.caller)),
      ),
    ],
    [
      OPCODE.MKDIR,
      route(
        namedAfter((body) => body.structure(MKDIR_IN)),
        ([name, { mode }], call) =>
          make(served, name, call, (path) => handlers.mkdir(path, mode, call.caller)),
      ),
    ],
    [
      OPCODE.UNLINK,
      route(text, (name, call) => remove(served, name, call, (path) => handlers.unlink(path, call.caller))),
    ],
    [
      OPCODE.RMDIR,
      route(text, (name, call) => remove(served, name, call, (path) => handlers.rmdir(path, call.caller))),
    ],
    [OPCODE.RENAME, route(renameArguments, (args, call) => rename(served, args, call))],
    [OPCODE.RENAME2, route(rename2Arguments, (args, call) => rename(served, args, call))],
    [
      OPCODE.LINK,
      route(
        namedAfter((body) => body.structure(LINK_IN)),
        ([name, { oldnodeid }], call) => link(served, oldnodeid, name, call),
      ),
    ],
  ];
}

function named<T>(rest: (body: Body) => T): (body: Body) => readonly [string, T] {
  return (body) => [body.text(), rest(body)];
}

function namedAfter<T>(first: (body: Body) => T): (body: Body) => readonly [string, T] {
  return (body) => {
    const value = first(body);
    return [body.text(), value];
  };
}

interface RenameArguments {
  readonly newDirectory: number;
  readonly flags: number;
  readonly name: string;
  readonly newName: string;
}

function renameArguments(body: Body): RenameArguments {
  const { newdir } = body.structure(RENAME_IN);
  return { newDirectory: newdir, flags: 0, name: body.text(), newName: body.text() };
}

function rename2Arguments(body: Body): RenameArguments {
  const { newdir, flags } = body.structure(RENAME2_IN);
  return { newDirectory: newdir, flags, name: body.text(), newName: body.text() };
}

async function lookup(served: Served, name: string, { header, caller }: Call): Promise<Answer> {
  const { handlers, nodes, paths } = served;
  const directory = nodes.get(header.nodeid);
  try {
    const attributes = await paths.below(directory, name, (path) =>
      handlers.getattr(path, undefined, caller),
    );
    return entryAnswer(served, nodes.found(directory, name, attributes), attributes);
  } catch (error) {
    const isHidden = name === RESERVED_NAME && nodes.pathOf(directory) === ROOT;
    if (!isHidden && !hasCode(error, 'NOT_FOUND')) throw error;
    nodes.removed(directory, name);
    return isHidden ? noEntry(0) : noEntry(VALID_SECONDS);
  }
}

/** There is nothing, and for so long the kernel needn't ask again. */
function noEntry(validSeconds: number): Answer {
  return structureAnswer(ENTRY_OUT, {
    nodeid: 0,
    generation: 0n,
    entry_valid: validSeconds,
    attr_valid: 0,
    entry_valid_nsec: 0,
    attr_valid_nsec: 0,
    attr: NO_ATTRIBUTES,
  });
}

const NO_ATTRIBUTES = {
  ino: 0n,
  size: 0,
  blocks: 0,
  atime: 0n,
  mtime: 0n,
  ctime: 0n,
  atimensec: 0,
  mtimensec: 0,
  ctimensec: 0,
  mode: 0,
  nlink: 0,
  uid: 0,
  gid: 0,
  blksize: 0,
};

async function make(
  served: Served,
  name: string,
  { header }: Call,
  work: (path: TreePath) => Promise<Attributes>,
): Promise<Answer> {
  const { nodes, paths } = served;
  const directory = nodes.get(header.nodeid);
  const attributes = await paths.below(directory, name, work);
  return entryAnswer(served, nodes.made(directory, name, attributes), attributes);
}

async function remove(
  served: Served,
  name: string,
  call: Call,
  work: (path: TreePath) => Promise<void>,
): Promise<Answer> {
  const { nodes, paths } = served;
  const directory = nodes.get(call.header.nodeid);
  const last = await knownAttributes(served, directory, name, call);
  await paths.below(directory, name, work);
  nodes.removed(directory, name, last);
  return DONE;
}

/** Of what is about to lose this name, if the kernel knows it. */
async function knownAttributes(
  served: Served,
  directory: Node,
  name: string,
  { caller }: Call,
): Promise<Attributes | undefined> {
  const node = directory.children.get(name);
  try {
    return node && (await attributesOfNode(served, node, undefined, caller));
  } catch {
    // It is another by now; then the removal says what is so.
    return undefined;
  }
}

async function rename(served: Served, args: RenameArguments, call: Call): Promise<Answer> {
  const { handlers, nodes, paths } = served;
  const directory = nodes.get(call.header.nodeid);
  const newDirectory = nodes.get(args.newDirectory);
  const node = directory.children.get(args.name);
  const replaced = await knownAttributes(served, newDirectory, args.newName, call);
  await paths.below(directory, args.name, (from) =>
    paths.below(newDirectory, args.newName, (to) =>
      paths.moving(from, async () => {
        await handlers.rename(from, to, args.flags, call.caller);
        nodes.renamed(node, [directory, args.name], [newDirectory, args.newName], replaced);
      }),
    ),
  );
  return DONE;
}

async function link(
  served: Served,
  existingId: number,
  name: string,
  { header, caller }: Call,
): Promise<Answer> {
  const { handlers, nodes, paths } = served;
  const directory = nodes.get(header.nodeid);
  const existing = nodes.get(existingId);
  const attributes = await paths.at(existing, (from) =>
    paths.below(directory, name, (to) => handlers.link(from, to, caller)),
  );
  if (existing.is(attributes)) nodes.linked(directory, name, existing);
  const node = existing.is(attributes) ? existing : nodes.found(directory, name, attributes);
  return entryAnswer(served, node, attributes);
}
