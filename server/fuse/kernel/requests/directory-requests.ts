import { AppError, hasCode } from '../../../base/errors.ts';
import type { Attributes, Caller, Handle } from '../../driver.ts';
import { DONE, structureAnswer, type Answer } from '../answer.ts';
import { route, type Call, type Route } from '../call.ts';
import { DirectoryStream, type StreamEntry } from '../directory-stream.ts';
import type { Node } from '../node.ts';
import {
  directoryEntryBytes,
  writeDirectoryEntry,
  writeDirectoryEntryPlus,
  type WireDirectoryEntry,
} from '../protocol/directory-entry.ts';
import { OPCODE } from '../protocol/opcodes.ts';
import type { ValueOf } from '../protocol/structure.ts';
import { FSYNC_IN, OPEN_IN, OPEN_OUT, READ_IN, RELEASE_IN } from '../protocol/structures.ts';
import { entryOut, type Served } from '../served.ts';

/** However much the kernel asks for, a listing goes on in pieces of this size. */
const PIECE_BYTES = 64 * 1024;
const S_IFDIR = 0o040_000;
/** What a directory that has been removed is opened as: nothing is in it. Handlers never give out this number. */
const NOTHING: Handle = 0;

/** Requests about open directories. */
export function directoryRequests(
  served: Served,
  streams: Map<Handle, DirectoryStream>,
): readonly (readonly [number, Route])[] {
  const listing = (plus: boolean) =>
    route(
      (body) => body.structure(READ_IN),
      (args, call) =>
        args.fh === NOTHING
          ? Promise.resolve(DONE)
          : list(served, streamOf(streams, args.fh), args, call, plus),
    );
  return [
    [
      OPCODE.OPENDIR,
      route(
        (body) => body.structure(OPEN_IN),
        (_, call) => open(served, streams, call),
      ),
    ],
    [OPCODE.READDIR, listing(false)],
    [OPCODE.READDIRPLUS, listing(true)],
    [
      OPCODE.FSYNCDIR,
      route(
        (body) => body.structure(FSYNC_IN),
        async ({ fh }, { caller }) => {
          await served.handlers.fsyncdir(fh, caller);
          return DONE;
        },
      ),
    ],
    [
      OPCODE.RELEASEDIR,
      route(
        (body) => body.structure(RELEASE_IN),
        async ({ fh }) => {
          streams.delete(fh);
          await served.handlers.releasedir(fh);
          return DONE;
        },
      ),
    ],
  ];
}

function streamOf(streams: Map<Handle, DirectoryStream>, handle: Handle): DirectoryStream {
  const stream = streams.get(handle);
  if (!stream) throw new AppError('BAD_HANDLE');
  return stream;
}

async function open(
  served: Served,
  streams: Map<Handle, DirectoryStream>,
  { header, caller }: Call,
): Promise<Answer> {
  const { handlers, nodes, paths } = served;
  const node = nodes.get(header.nodeid);
  if (node.gone) return structureAnswer(OPEN_OUT, { fh: NOTHING, open_flags: 0 });
  const handle = await paths.at(node, (path) => handlers.opendir(path, caller));
  const parent = node.names.at(-1)?.parent ?? node;
  const dots = [dot('.', served, node), dot('..', served, parent)];
  streams.set(handle, new DirectoryStream(handlers, handle, dots));
  const { body } = structureAnswer(OPEN_OUT, { fh: handle, open_flags: 0 });
  const unheard = () => {
    streams.delete(handle);
    void handlers.releasedir(handle);
  };
  return { body, unheard };
}

function dot(name: string, { nodes }: Served, node: Node) {
  return { name, inode: nodes.shownInode(node), type: S_IFDIR };
}

async function list(
  served: Served,
  stream: DirectoryStream,
  { offset, size }: ValueOf<typeof READ_IN>,
  { header, caller }: Call,
  plus: boolean,
): Promise<Answer> {
  const directory = served.nodes.get(header.nodeid);
  const entries = await stream.read(offset, Math.min(size, PIECE_BYTES), plus);
  const target = Buffer.alloc(
    entries.reduce((sum, { name }) => sum + directoryEntryBytes(name.length, plus), 0),
  );
  if (plus) return listPlus(served, directory, entries, target, caller);
  let at = 0;
  for (const entry of entries) {
    writeDirectoryEntry(target, at, wireEntry(served, directory, entry));
    at += directoryEntryBytes(entry.name.length, false);
  }
  return { body: [target] };
}

async function listPlus(
  served: Served,
  directory: Node,
  entries: readonly StreamEntry[],
  target: Buffer,
  caller: Caller,
): Promise<Answer> {
  const attributes = await Promise.all(
    entries.map((entry) => currentAttributes(served, directory, entry, caller)),
  );
  const told: Node[] = [];
  let at = 0;
  // ORDER: nothing is awaited from here to the answer, so that what is counted as told is told.
  for (const [index, entry] of entries.entries()) {
    const found = attributes[index];
    const node = found && served.nodes.found(directory, entry.listed.name, found);
    if (node) told.push(node);
    const out = node && found && entryOut(served, node, found);
    writeDirectoryEntryPlus(target, at, wireEntry(served, directory, entry), out);
    at += directoryEntryBytes(entry.name.length, true);
  }
  const unheard = () => {
    for (const node of told) served.nodes.forget(node.id, 1);
  };
  return { body: [target], unheard };
}

/** undefined: the kernel looks the name up when it needs it. */
async function currentAttributes(
  { handlers, paths }: Served,
  directory: Node,
  { listed, attributes }: StreamEntry,
  caller: Caller,
): Promise<Attributes | undefined> {
  if (attributes || listed.name === '.' || listed.name === '..') return attributes;
  try {
    return await paths.below(directory, listed.name, (path) => handlers.getattr(path, undefined, caller));
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND', 'NOT_A_DIRECTORY', 'STALE_HANDLE', 'NAME_TOO_LONG')) return undefined;
    throw error;
  }
}

function wireEntry(
  { nodes }: Served,
  directory: Node,
  { name, listed, nextOffset }: StreamEntry,
): WireDirectoryEntry {
  const { inode, type, attributes } = listed;
  const isDot = listed.name === '.' || listed.name === '..';
  const shown = isDot ? inode : nodes.shownInode({ inode, device: attributes?.device ?? directory.device });
  return { name, inode: shown, type, nextOffset };
}
