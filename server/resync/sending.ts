import { Permits } from '../base/permits.ts';
import type { FileSource, FileStat, FileTree, SmallFile } from '../filesystem/file-tree.ts';
import type { LocalTree } from '../filesystem/local-tree.ts';
import type { TreePath } from '../filesystem/tree-path.ts';
import type { Child } from './children.ts';
import { type ContentRange, contentOf } from './comparison.ts';
import { RepairRoom } from './repair-room.ts';
import { Throttle } from './throttle.ts';

/** Up to here content is one piece, without a stream. */
const SMALL_BYTES = 64 * 1024;
/** Directories being listed, or read. If all were at a time, all would be ready to be sent at the same late moment. */
const AT_ONCE = 4;
/** A mirror that took so many in a row not as a whole takes none, or seldom one: reading them first is not worth it. */
const MOST_IN_VAIN = 16;

/** Sends content of the local tree to one mirror, at the rate and in the room that all who send to it share. */
export class Sending {
  /** What is on its way. */
  readonly room: RepairRoom;
  #filledInVain = 0;
  readonly #listing = new Permits(AT_ONCE);
  readonly #reading = new Permits(AT_ONCE);
  readonly #local: LocalTree;
  readonly #mirror: FileTree;
  readonly #throttle: Throttle;
  readonly #signal: AbortSignal | undefined;

  constructor(options: {
    local: LocalTree;
    mirror: FileTree;
    room?: RepairRoom | undefined;
    throttle?: Throttle | undefined;
    /** Ends what waits for the throttle. */
    signal?: AbortSignal | undefined;
  }) {
    this.room = options.room ?? new RepairRoom();
    this.#local = options.local;
    this.#mirror = options.mirror;
    this.#throttle = options.throttle ?? new Throttle(undefined);
    this.#signal = options.signal;
  }

  /** A whole file, which takes the place of what is there. */
  async file(path: TreePath, stat: FileStat, isOneOfMany: boolean): Promise<void> {
    await this.room.with(stat.sizeBytes, async () => {
      const content = await this.#content(path, stat.sizeBytes);
      await this.#mirror.replaceFile(path, { stat, content, isOneOfMany });
    });
  }

  /** A part of a file, in place. */
  async range({ path, offset, lengthBytes }: ContentRange): Promise<void> {
    const data = await this.#read(path, offset, lengthBytes);
    await this.#mirror.apply({ kind: 'write', path, offset, data }, { repeated: true });
  }

  /** Lists what is to be sent, a few directories at a time. */
  listing<T>(work: () => Promise<T>): Promise<T> {
    return this.#listing.with(work);
  }

  /** Whether `directory` is worth trying. */
  get fillsWhole(): boolean {
    return this.#filledInVain < MOST_IN_VAIN;
  }

  /** See `FileTree.fillDirectory`; undefined also where what is in it has changed. */
  async directory(path: TreePath, stat: FileStat, children: readonly Child[]): Promise<FileStat | undefined> {
    const sizeBytes = children.reduce((sum, child) => sum + child.stat.sizeBytes, 0);
    return this.room.with(sizeBytes, async () => {
      const files = await this.#reading.with(
        async () => this.fillsWhole && this.#filesOf(children, sizeBytes),
      );
      if (!files) return undefined;
      await this.#throttle.take(sizeBytes, this.#signal);
      const filled = await this.#mirror.fillDirectory(path, { stat, files });
      this.#filledInVain = filled ? 0 : this.#filledInVain + 1;
      return filled;
    });
  }

  /** undefined where one was cut since it was listed: what is sent is to fit what is said of it. */
  async #filesOf(children: readonly Child[], sizeBytes: number): Promise<readonly SmallFile[] | undefined> {
    const files: SmallFile[] = [];
    // One piece of memory for all: the collector has as much work with a small one.
    let rest = Buffer.allocUnsafe(sizeBytes);
    for (const { name, stat, path } of children) {
      const content = rest.subarray(0, stat.sizeBytes);
      rest = rest.subarray(stat.sizeBytes);
      if ((await this.#local.readInto(path, content)) !== stat.sizeBytes) return undefined;
      files.push({ name, stat, content });
    }
    return files;
  }

  async #content(path: TreePath, sizeBytes: number): Promise<FileSource['content']> {
    return sizeBytes > SMALL_BYTES ? this.#pieces(path, sizeBytes) : [await this.#read(path, 0, sizeBytes)];
  }

  async *#pieces(path: TreePath, sizeBytes: number): AsyncGenerator<Buffer, void, undefined> {
    for await (const piece of contentOf(this.#local, path, sizeBytes)) {
      await this.#throttle.take(piece.length, this.#signal);
      yield piece;
    }
  }

  async #read(path: TreePath, offset: number, lengthBytes: number): Promise<Buffer> {
    const data = await this.#local.read(path, offset, lengthBytes);
    await this.#throttle.take(data.length, this.#signal);
    return data;
  }
}
