import { ROOT } from '../../../filesystem/tree-path.ts';
import { type Handle, NOBODY } from '../../driver.ts';
import type { Route } from '../call.ts';
import type { DirectoryStream } from '../directory-stream.ts';
import type { Served } from '../served.ts';
import { attributeRequests } from './attribute-requests.ts';
import { contentRequests } from './content-requests.ts';
import { directoryRequests } from './directory-requests.ts';
import { fileRequests } from './file-requests.ts';
import { nameRequests } from './name-requests.ts';

/**
 * Everything that is answered with what the handlers say. A request that isn't here is answered ENOSYS, after which
 * the kernel does without: extended attributes and O_TMPFILE fail with EOPNOTSUPP before they reach us; SEEK_HOLE
 * finds the end only, since Node can't ask the local file; copy_file_range reads and writes, since a copy is no
 * single change of the mirrors; statx answers as stat does; locks stay local in the kernel; close(2) writes out
 * memory maps without a flush of ours.
 */
export class Requests {
  readonly #served: Served;
  readonly #routes: ReadonlyMap<number, Route>;
  readonly #streams = new Map<Handle, DirectoryStream>();

  constructor(served: Served) {
    this.#served = served;
    this.#routes = new Map([
      ...attributeRequests(served),
      ...nameRequests(served),
      ...fileRequests(served),
      ...contentRequests(served),
      ...directoryRequests(served, this.#streams),
    ]);
  }

  routeOf(opcode: number): Route | undefined {
    return this.#routes.get(opcode);
  }

  /** Makes the root known. */
  async start(): Promise<void> {
    const { handlers, nodes } = this.#served;
    nodes.start(await handlers.getattr(ROOT, undefined, NOBODY));
  }

  forget(id: number, lookups: number): void {
    this.#served.nodes.forget(id, lookups);
  }

  /** Lets go of what the kernel can no longer release itself. */
  async releaseAll(): Promise<void> {
    const { handlers, nodes } = this.#served;
    for (const handle of this.#streams.keys()) await handlers.releasedir(handle);
    this.#streams.clear();
    for (const node of nodes.all()) {
      for (const handle of [...node.handles.keys()]) {
        await handlers.release(handle);
        nodes.wasClosed(node, handle);
      }
    }
  }
}
