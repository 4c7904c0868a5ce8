import { setImmediate as turn } from 'node:timers/promises';
import { ROOT } from '../../filesystem/tree-path.ts';
import { NOBODY } from '../driver.ts';
import { isSameContent, type Node, stampOf } from './node.ts';
import type { Served } from './served.ts';

const CHECK_MS = 1000;
/** How many files are looked at before others may have the event loop. */
const AT_ONCE = 200;

/**
 * Looks whether open files were changed behind our back. The kernel asks anew when a file is opened, but who has it
 * open would read what the page cache holds for as long as they like.
 */
export class ContentWatch {
  readonly #served: Served;
  #timer: NodeJS.Timeout | undefined;
  #checking = false;

  constructor(served: Served) {
    this.#served = served;
  }

  start(): void {
    this.#timer = setInterval(() => void this.#checkUnlessBusy(), CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Looks at all open files once. Never rejects. */
  async check(): Promise<void> {
    let looked = 0;
    for (const node of this.#served.nodes.opened) {
      await this.#look(node);
      if (++looked % AT_ONCE === 0) await turn();
    }
  }

  async #checkUnlessBusy(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    await this.check();
    this.#checking = false;
  }

  async #look(node: Node): Promise<void> {
    const { handlers, notifications } = this.#served;
    const handle = node.anyHandle();
    if (handle === undefined) return;
    const attributes = await handlers.getattr(ROOT, handle, NOBODY).catch(() => undefined);
    if (!attributes || !node.is(attributes)) return;
    const before = node.stamp;
    node.stamp = stampOf(attributes);
    // Without one the file was changed through the mount, whose pages the kernel has already.
    if (before && !isSameContent(before, node.stamp)) await notifications.contentChanged(node);
  }
}
