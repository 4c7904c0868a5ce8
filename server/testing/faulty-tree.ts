import { AppError } from '../base/errors.ts';
import type {
  ApplyOptions,
  DirectoryEntry,
  DirectorySource,
  FileSource,
  FileStat,
  FileTree,
  Space,
} from '../filesystem/file-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import type { TreePath } from '../filesystem/tree-path.ts';

/** What happens to the next `apply`: refused before it does anything, lost before or after it was carried out, or never answered. */
export type Fault = 'refused' | 'lost-before' | 'lost-after' | 'silent';

/** A replica that fails on demand: everything else goes to the tree behind it. */
export class FaultyTree implements FileTree {
  readonly #behind: FileTree;
  #faults: { fault: Fault; error: AppError }[] = [];
  #linked = true;
  #isDead = false;
  #changesLeft = Number.POSITIVE_INFINITY;
  #underWay = 0;
  /** How often it was asked anything. */
  calls = 0;
  /** Answers why an operation is refused; undefined where it is not. */
  refuses: (operation: Operation) => AppError | undefined = () => undefined;
  onLost: () => void = () => {};

  constructor(behind: FileTree) {
    this.#behind = behind;
  }

  /** Lays faults on the next calls of `apply`, in order. */
  fail(...faults: Fault[]): void {
    this.#faults.push(...faults.map((fault) => ({ fault, error: errorOf(fault) })));
  }

  refuse(error: AppError): void {
    this.#faults.push({ fault: 'refused', error });
  }

  /** As if the process that calls were killed: no call is answered or begun any more. */
  die(): void {
    this.#isDead = true;
  }

  /** The same after so many further changes. */
  dieAfter(changes: number): void {
    this.#changesLeft = changes;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Calls that have reached the tree and are not through. */
  get underWay(): number {
    return this.#underWay;
  }

  get linked(): boolean {
    return this.#linked;
  }

  set linked(linked: boolean) {
    this.#linked = linked;
    if (!linked) this.onLost();
  }

  async apply(operation: Operation, options?: ApplyOptions): Promise<void> {
    await this.#reach();
    const next = this.#faults.shift() ?? this.#refusal(operation);
    if (!next) return this.#change(() => this.#behind.apply(operation, options));
    if (next.fault === 'lost-after') await this.#behind.apply(operation, options);
    if (next.fault === 'silent') return new Promise(() => {});
    throw next.error;
  }

  stat(path: TreePath): Promise<FileStat | undefined> {
    return this.#through(() => this.#behind.stat(path));
  }

  async *list(path: TreePath): AsyncGenerator<readonly DirectoryEntry[]> {
    await this.#reach();
    yield* this.#behind.list(path);
  }

  readLink(path: TreePath): Promise<string> {
    return this.#through(() => this.#behind.readLink(path));
  }

  read(path: TreePath, offset: number, lengthBytes: number): Promise<Buffer> {
    return this.#through(() => this.#behind.read(path, offset, lengthBytes));
  }

  hash(path: TreePath, offset: number, lengthBytes: number): Promise<string | undefined> {
    return this.#through(() => this.#behind.hash(path, offset, lengthBytes));
  }

  fileId(path: TreePath): Promise<string | undefined> {
    return this.#through(() => this.#behind.fileId(path));
  }

  space(): Promise<Space> {
    return this.#through(() => this.#behind.space());
  }

  restorePreImage(name: string, path: TreePath): Promise<boolean> {
    return this.#change(() => this.#behind.restorePreImage(name, path));
  }

  dropPreImage(name: string): Promise<void> {
    return this.#through(() => this.#behind.dropPreImage(name));
  }

  dropLeftovers(): Promise<void> {
    return this.#through(() => this.#behind.dropLeftovers());
  }

  replaceFile(path: TreePath, source: FileSource): Promise<void> {
    return this.#change(() => this.#behind.replaceFile(path, source));
  }

  expectFilling(): void {
    this.#behind.expectFilling();
  }

  fillDirectory(path: TreePath, source: DirectorySource): Promise<FileStat | undefined> {
    return this.#change(() => this.#behind.fillDirectory(path, source));
  }

  replaceWithLink(path: TreePath, existing: TreePath): Promise<void> {
    return this.#change(() => this.#behind.replaceWithLink(path, existing));
  }

  readReserved(name: string): Promise<Buffer | undefined> {
    return this.#through(() => this.#behind.readReserved(name));
  }

  writeReserved(name: string, content: Buffer): Promise<void> {
    return this.#through(() => this.#behind.writeReserved(name, content));
  }

  overwriteReserved(name: string, content: Buffer): Promise<void> {
    return this.#through(() => this.#behind.overwriteReserved(name, content));
  }

  reservedAgeMs(name: string): Promise<number | undefined> {
    return this.#through(() => this.#behind.reservedAgeMs(name));
  }

  release(path: TreePath): void {
    this.#behind.release(path);
  }

  #refusal(operation: Operation): { fault: Fault; error: AppError } | undefined {
    const error = this.refuses(operation);
    return error && { fault: 'refused', error };
  }

  async #change<T>(call: () => Promise<T>): Promise<T> {
    if (this.#changesLeft-- <= 0) this.die();
    return this.#through(call);
  }

  async #through<T>(call: () => Promise<T>): Promise<T> {
    await this.#reach();
    this.#underWay += 1;
    try {
      return await call();
    } finally {
      this.#underWay -= 1;
    }
  }

  async #reach(): Promise<void> {
    this.calls += 1;
    if (this.#isDead) return new Promise(() => {});
    if (!this.#linked) throw new AppError('MIRROR_UNREACHABLE');
  }
}

function errorOf(fault: Fault): AppError {
  return new AppError(fault === 'refused' ? 'NO_SPACE' : 'MIRROR_UNREACHABLE', `injected: ${fault}`);
}
