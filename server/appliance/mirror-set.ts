import { TypedEmitter } from '../base/emitter.ts';
import { AppError } from '../base/errors.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { ROOT } from '../filesystem/tree-path.ts';
import type { PathLocks } from '../transaction/path-locks.ts';
import type { SyncedMirror } from './synced-mirror.ts';

/** The mirrors of the moment. They come and go between transactions, never while one is under way. */
export class MirrorSet {
  readonly events = new TypedEmitter<{ added: SyncedMirror; removed: SyncedMirror }>();
  readonly #make: (config: MirrorConfiguration) => SyncedMirror;
  readonly #locks: PathLocks;
  #mirrors: readonly SyncedMirror[];

  constructor(options: {
    configurations: readonly MirrorConfiguration[];
    make: (config: MirrorConfiguration) => SyncedMirror;
    locks: PathLocks;
  }) {
    this.#make = options.make;
    this.#locks = options.locks;
    this.#mirrors = options.configurations.map(options.make);
  }

  get all(): readonly SyncedMirror[] {
    return this.#mirrors;
  }

  find(name: string): SyncedMirror | undefined {
    return this.#mirrors.find((mirror) => mirror.name === name);
  }

  /** Throws RESOURCE_NOT_FOUND. */
  get(name: string): SyncedMirror {
    const mirror = this.find(name);
    if (!mirror) throw new AppError('RESOURCE_NOT_FOUND', 'there is no such mirror');
    return mirror;
  }

  start(): void {
    for (const mirror of this.#mirrors) mirror.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#mirrors.map((mirror) => mirror.stop()));
  }

  /** No transaction counts on it before it has been in sync for the first time. */
  async add(config: MirrorConfiguration): Promise<void> {
    const mirror = this.#make(config);
    mirror.join();
    await this.#betweenTransactions(() => {
      this.#mirrors = [...this.#mirrors, mirror];
    });
    this.events.emit('added', mirror);
    mirror.start();
  }

  /** Resolves when it is stopped; `forget` is called when no transaction knows it any more. */
  async remove(name: string, forget: () => Promise<void>): Promise<void> {
    const mirror = this.get(name);
    await this.#betweenTransactions(() => {
      this.#mirrors = this.#mirrors.filter((each) => each !== mirror);
    });
    this.events.emit('removed', mirror);
    await mirror.stop();
    await forget();
  }

  /** Runs it by another configuration; it has missed nothing. */
  async replace(config: MirrorConfiguration): Promise<void> {
    const before = this.get(config.name);
    const after = await this.#betweenTransactions(async () => {
      await before.stop();
      const made = this.#make(config);
      if (before.isJoining) made.join();
      this.#mirrors = this.#mirrors.map((each) => (each === before ? made : each));
      return made;
    });
    this.events.emit('added', after);
    after.start();
  }

  async #betweenTransactions<Result>(change: () => Result | Promise<Result>): Promise<Result> {
    const release = await this.#locks.acquire([{ path: ROOT, subtree: true }]);
    try {
      return await change();
    } finally {
      release();
    }
  }
}
