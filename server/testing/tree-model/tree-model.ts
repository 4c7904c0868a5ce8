import { createHash } from 'node:crypto';
import type { ChownCall, CreateCall, MountCall, TimesCall } from '../mount-worker.ts';
import {
  certainAttributes,
  type CertainAttributes,
  contains,
  type ModelDirectory,
  type ModelFile,
  type ModelNode,
} from './nodes.ts';
import { directoryAt, nodeAt, type Place, placeOf, Refusal, refuse } from './places.ts';

const UMASK = 0o022;
const SET_UID = 0o4000;
const SET_GID = 0o2000;
const GROUP_MAY_RUN = 0o010;

/** What a disk would answer to a call of root, and what the call would change, which `change` does. */
export type Expected =
  | { readonly errno: string }
  | {
      readonly errno?: undefined;
      readonly found?: ExpectedFinding;
      readonly change: (nowMs: number) => void;
    };

export type ExpectedFinding =
  | string
  | readonly string[]
  | { readonly node: ModelNode; readonly certain: CertainAttributes };

/** A tree in memory that answers every call as a disk does, errno included. Names and permissions are not its subject. */
export class TreeModel {
  readonly root: ModelDirectory;

  constructor(mode: number) {
    this.root = { kind: 'directory', mode, uid: 0, gid: 0, mtime: { sinceMs: 0 }, children: new Map() };
  }

  expected(call: MountCall): Expected {
    try {
      return this.#plan(call);
    } catch (refusal) {
      if (refusal instanceof Refusal) return { errno: refusal.errno };
      throw refusal;
    }
  }

  #plan(call: MountCall): Expected {
    switch (call.call) {
      case 'create':
        return this.#create(call);
      case 'write':
        return this.#write(call.path, call, () => call.offset);
      case 'append':
        return this.#write(call.path, call, ({ content }) => content.length);
      case 'truncate':
        return this.#truncate(call.path, call.sizeBytes);
      case 'mkdir':
        return this.#mkdir(call.path, call.mode ?? 0o777);
      case 'rename':
        return this.#rename(call.path, call.to);
      case 'link':
        return this.#link(call.path, call.to);
      case 'symlink':
        return this.#symlink(call.path, call.target);
      case 'unlink':
        return this.#unlink(call.path);
      case 'rmdir':
        return this.#rmdir(call.path);
      case 'chmod':
        return this.#chmod(call.path, call.mode);
      case 'chown':
        return this.#chown(call);
      case 'times':
        return this.#times(call);
      default:
        return { found: this.#look(call.call, call.path), change: () => {} };
    }
  }

  #look(call: 'read' | 'list' | 'stat' | 'lstat' | 'readlink', path: string): ExpectedFinding {
    if (call === 'read') return createHash('sha256').update(this.#file(path).content).digest('hex');
    if (call === 'list') return [...directoryAt(nodeAt(this.root, path, true)).children.keys()].toSorted();
    const node = nodeAt(this.root, path, call === 'stat');
    if (call !== 'readlink') return { node, certain: certainAttributes(node) };
    return node.kind === 'symlink' ? node.target : refuse('EINVAL');
  }

  #create({ path, mode = 0o666, replace = false }: CreateCall): Expected {
    const place = placeOf(this.root, path, replace);
    const { node } = place;
    if (!node) return add(place, { kind: 'file', links: 1, content: Buffer.alloc(0), ...mine(place, mode) });
    if (!replace) refuse('EEXIST');
    return changeContent(fileAt(node), Buffer.alloc(0));
  }

  #write(
    path: string,
    { sizeBytes, fill }: { sizeBytes: number; fill: string },
    offsetIn: (file: ModelFile) => number,
  ): Expected {
    const file = this.#file(path);
    const offset = offsetIn(file);
    const content = Buffer.alloc(Math.max(file.content.length, offset + sizeBytes));
    file.content.copy(content);
    content.fill(Buffer.alloc(sizeBytes, fill), offset, offset + sizeBytes);
    return changeContent(file, content);
  }

  #truncate(path: string, sizeBytes: number): Expected {
    const file = this.#file(path);
    const content = Buffer.alloc(sizeBytes);
    file.content.copy(content);
    return changeContent(file, content);
  }

  #mkdir(path: string, mode: number): Expected {
    const place = this.#free(path);
    const inherited = place.directory.mode & SET_GID;
    const attributes = mine(place, mode | inherited);
    return add(place, { kind: 'directory', children: new Map(), ...attributes });
  }

  #symlink(path: string, target: string): Expected {
    const place = this.#free(path);
    return add(place, { kind: 'symlink', links: 1, target, ...mine(place, 0o777), mode: 0o777 });
  }

  #link(path: string, to: string): Expected {
    const node = nodeAt(this.root, path, false);
    const place = this.#free(to);
    if (node.kind === 'directory') return refuse('EPERM');
    const added = add(place, node);
    return {
      change: (nowMs) => {
        node.links += 1;
        added.change(nowMs);
      },
    };
  }

  #unlink(path: string): Expected {
    const place = placeOf(this.root, path, false);
    if (!place.node) return refuse('ENOENT');
    if (place.node.kind === 'directory') refuse('EISDIR');
    return { change: (nowMs) => remove(place, nowMs) };
  }

  #rmdir(path: string): Expected {
    const place = placeOf(this.root, path, false);
    if (directoryAt(place.node).children.size > 0) refuse('ENOTEMPTY');
    return { change: (nowMs) => remove(place, nowMs) };
  }

  /** In the order in which Linux looks. */
  #rename(path: string, to: string): Expected {
    const [from, target] = [placeOf(this.root, path, false), placeOf(this.root, to, false)];
    const { node } = from;
    const there = target.node;
    if (!node) return refuse('ENOENT');
    if (contains(node, target.directory)) refuse('EINVAL');
    if (there && contains(there, from.directory)) refuse('ENOTEMPTY');
    if (node === there) return { change: () => {} };
    if (there) refuseReplacing(node, there);
    return {
      change: (nowMs) => {
        if (there) remove(target, nowMs);
        from.directory.children.delete(from.name);
        touch(from.directory, nowMs);
        add(target, node).change(nowMs);
      },
    };
  }

  #chmod(path: string, mode: number): Expected {
    const node = nodeAt(this.root, path, true);
    return { change: () => void (node.mode = mode) };
  }

  #chown({ path, uid, gid, ofLink = false }: ChownCall): Expected {
    const node = nodeAt(this.root, path, !ofLink);
    const cleared = node.mode & GROUP_MAY_RUN ? SET_UID | SET_GID : SET_UID;
    const mode = node.kind === 'file' ? node.mode & ~cleared : node.mode;
    return { change: () => void Object.assign(node, { uid, gid, mode }) };
  }

  #times({ path, mtimeSeconds, ofLink = false }: TimesCall): Expected {
    const node = nodeAt(this.root, path, !ofLink);
    return { change: () => void (node.mtime = { setMs: mtimeSeconds * 1000 }) };
  }

  #file(path: string): ModelFile {
    return fileAt(nodeAt(this.root, path, true));
  }

  #free(path: string): Place {
    const place = placeOf(this.root, path, false);
    return place.node ? refuse('EEXIST') : place;
  }
}

function fileAt(node: ModelNode): ModelFile {
  // Everything else has been followed.
  return node.kind === 'file' ? node : refuse('EISDIR');
}

function changeContent(file: ModelFile, content: Buffer): Expected {
  return {
    change: (nowMs) => {
      file.content = content;
      touch(file, nowMs);
    },
  };
}

function add({ directory, name }: Place, node: ModelNode): Extract<Expected, { change: unknown }> {
  return {
    change: (nowMs) => {
      directory.children.set(name, node);
      touch(directory, nowMs);
      if ('sinceMs' in node.mtime && node.mtime.sinceMs === 0) touch(node, nowMs);
    },
  };
}

function remove({ directory, name, node }: Place, nowMs: number): void {
  directory.children.delete(name);
  touch(directory, nowMs);
  if (node && node.kind !== 'directory') node.links -= 1;
}

function refuseReplacing(node: ModelNode, there: ModelNode): void {
  if (node.kind !== 'directory') {
    if (there.kind === 'directory') refuse('EISDIR');
  } else if (directoryAt(there).children.size > 0) refuse('ENOTEMPTY');
}

function touch(node: ModelNode, nowMs: number): void {
  node.mtime = { sinceMs: nowMs };
}

/** What a new node of root gets. */
function mine({ directory }: Place, mode: number) {
  const gid = directory.mode & SET_GID ? directory.gid : 0;
  return { mode: mode & ~UMASK, uid: 0, gid, mtime: { sinceMs: 0 } };
}
