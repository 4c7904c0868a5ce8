import type { Attributes, FuseHandlers } from '../driver.ts';
import type { Answer } from './answer.ts';
import type { Node } from './node.ts';
import type { NodePaths } from './node-paths.ts';
import type { NodeTable } from './node-table.ts';
import type { Notifications } from './notifications.ts';
import type { PooledBuffers } from './pooled-buffers.ts';
import { wireAttributes } from './protocol/attributes.ts';
import { encoded, type ValueOf } from './protocol/structure.ts';
import { ATTR_OUT, ENTRY_OUT } from './protocol/structures.ts';

/**
 * How long the kernel may answer names and attributes from its own memory. All changes through the mount pass the
 * kernel, which corrects what it remembers by itself; the second is for those who change the local directory
 * behind our back, of whom the kernel hears nothing.
 */
export const VALID_SECONDS = 1;

/** What every request is served with. */
export interface Served {
  readonly handlers: FuseHandlers;
  readonly nodes: NodeTable;
  readonly paths: NodePaths;
  readonly notifications: Notifications;
  readonly readBuffers: PooledBuffers;
}

/** fuse_entry_out; the kernel then holds the node once more. */
export function entryOut(served: Served, node: Node, attributes: Attributes): ValueOf<typeof ENTRY_OUT> {
  node.lookups++;
  node.tell(attributes);
  return {
    nodeid: node.id,
    generation: 0n,
    entry_valid: VALID_SECONDS,
    attr_valid: VALID_SECONDS,
    entry_valid_nsec: 0,
    attr_valid_nsec: 0,
    attr: wireAttributes(attributes, served.nodes.shownInode(attributes)),
  };
}

export function entryAnswer(served: Served, node: Node, attributes: Attributes): Answer {
  return {
    body: [encoded(ENTRY_OUT, entryOut(served, node, attributes))],
    unheard: () => served.nodes.forget(node.id, 1),
  };
}

export function attributesAnswer(served: Served, node: Node, attributes: Attributes): Answer {
  node.tell(attributes);
  const attr = wireAttributes(attributes, served.nodes.shownInode(attributes));
  return { body: [encoded(ATTR_OUT, { attr_valid: VALID_SECONDS, attr_valid_nsec: 0, attr })] };
}
