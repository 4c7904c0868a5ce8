import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { AppError } from '../../base/errors.ts';
import { LocalTree } from '../../filesystem/local-tree.ts';
import type { Operation } from '../../filesystem/operation.ts';
import { treePath } from '../../filesystem/tree-path.ts';
import type { LocalStep } from '../../filesystem/undo-slots.ts';

/** What this program, which exists to be killed, is told to do with a local tree. */
export type ChildOrder =
  /** One operation; the process kills itself at `killAt`, having written `partialBytes` of a write. */
  | {
      readonly do: 'apply';
      readonly operation: WireOperation;
      readonly killAt?: LocalStep;
      readonly partialBytes?: number;
    }
  /** Fills the file again and again, each time with the next byte value, and says each one that is done. */
  | { readonly do: 'fill'; readonly path: string; readonly lengthBytes: number };

/** An operation as JSON: of a write the content as text. */
export type WireOperation =
  | { readonly kind: 'write'; readonly path: string; readonly offset: number; readonly text: string }
  | { readonly kind: 'create' | 'mkdir'; readonly path: string; readonly mode: number; readonly uid?: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string };

const [root = '', state = '', orderText = ''] = process.argv.slice(2);
// The program under test is its only reader, and the test its only writer.
const order = JSON.parse(orderText) as ChildOrder;

const tree = new LocalTree(root, state, stopAt);
await tree.start();
try {
  if (order.do === 'apply') await tree.apply(operationOf(order.operation));
  else await fill(order);
  process.stdout.write('acknowledged\n');
} catch (error) {
  process.stdout.write(`refused ${error instanceof AppError ? error.code : String(error)}\n`);
}
await tree.stop();

function stopAt(step: LocalStep): void {
  if (order.do !== 'apply' || step !== order.killAt) return;
  if (order.partialBytes !== undefined) writePart(order.operation, order.partialBytes);
  process.kill(process.pid, 'SIGKILL');
}

/** What the kernel leaves of a write that a SIGKILL met in the middle. */
function writePart(operation: WireOperation, partialBytes: number): void {
  if (operation.kind !== 'write') return;
  const fd = openSync(root + operation.path, constants.O_WRONLY);
  writeSync(fd, Buffer.from(operation.text), 0, partialBytes, operation.offset);
  closeSync(fd);
}

async function fill({ path, lengthBytes }: { path: string; lengthBytes: number }): Promise<never> {
  for (let generation = 1; ; generation++) {
    const data = Buffer.alloc(lengthBytes, generation % 256);
    await tree.apply({ kind: 'write', path: treePath(path), offset: 0, data });
    writeSync(1, `${generation}\n`);
  }
}

function operationOf(wire: WireOperation): Operation {
  const path = treePath(wire.path);
  switch (wire.kind) {
    case 'write':
      return { kind: 'write', path, offset: wire.offset, data: Buffer.from(wire.text) };
    case 'symlink':
      return { kind: 'symlink', path, target: wire.target };
    default: {
      const owner = wire.uid === undefined ? undefined : { uid: wire.uid, gid: wire.uid };
      return { kind: wire.kind, path, mode: wire.mode, ...(owner && { owner }) };
    }
  }
}
