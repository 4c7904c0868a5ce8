import type { Logger } from '../../base/logger.ts';
import { hasErrno } from '../../filesystem/errno.ts';
import type { Device } from './device.ts';
import type { Node } from './node.ts';
import { NOTIFY } from './protocol/opcodes.ts';
import { answerHeader } from './protocol/message.ts';
import { encoded } from './protocol/structure.ts';
import { NOTIFY_INVAL_INODE_OUT } from './protocol/structures.ts';

/** What the kernel is told unasked. A notification is a message without a request: number 0, the code for the errno. */
export class Notifications {
  readonly #device: Device;
  readonly #logger: Logger;

  constructor(device: Device, logger: Logger) {
    this.#device = device;
    this.#logger = logger;
  }

  /** The attributes that the kernel remembers of a node are no longer so. */
  async attributesChanged(node: Node): Promise<void> {
    // A negative offset leaves the page cache alone.
    await this.#tell(
      NOTIFY.INVAL_INODE,
      encoded(NOTIFY_INVAL_INODE_OUT, { ino: node.id, off: -1n, len: 0n }),
    );
  }

  /** Neither attributes nor pages that the kernel remembers of a part of a file are so any more; without a size: up to its end. */
  async contentChanged(node: Node, { offset, sizeBytes } = { offset: 0, sizeBytes: 0 }): Promise<void> {
    await this.#tell(
      NOTIFY.INVAL_INODE,
      encoded(NOTIFY_INVAL_INODE_OUT, { ino: node.id, off: BigInt(offset), len: BigInt(sizeBytes) }),
    );
  }

  async #tell(code: number, body: Buffer): Promise<void> {
    try {
      // The kernel may wait for locks that only our answers release, so never on the event loop.
      await this.#device.writeSlowly([answerHeader(0, code, body.length), body]);
    } catch (error) {
      // ENOENT: the kernel doesn't know the node (any more); ENODEV: the mount has gone. Both have nothing to correct.
      if (!hasErrno(error, 'ENOENT', 'ENODEV', 'ENOTCONN'))
        this.#logger.warn('notification-failed', { code, error });
    }
  }
}
