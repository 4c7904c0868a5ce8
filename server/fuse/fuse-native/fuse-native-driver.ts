import { constants as fileConstants } from 'node:fs';
import { access, readdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { AppError, asAppError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { withDeadline } from '../../base/wait.ts';
import type { FuseDriver, FuseHandlers } from '../driver.ts';
import { mountedAt, MOUNT_SOURCE, prepareMountPoint, unmountIfIdle, unmountLazily } from '../mount-point.ts';
import { INTERRUPT_SIGNAL, Interrupts } from './interrupts.ts';
import { loadBinding, type NativeBinding } from './native-binding.ts';
import { NativeOperations } from './native-operations.ts';
import { OpenPaths } from './open-paths.ts';
import { ReplacedFiles } from './replaced-files.ts';
import { RequestServer } from './request-server.ts';

const INIT_LIMIT_MS = 10_000;
/** How long requests under way may take to end by themselves at unmount, and then after being interrupted. */
const DRAIN_LIMIT_MS = 5000;
const MOUNT_CHECK_MS = 2000;
const NO_DEVICE = 'the device /dev/fuse is missing or closed to this user';

export interface FuseNativeOptions {
  readonly mountPoint: string;
  readonly allowOther: boolean;
  readonly handlers: FuseHandlers;
  readonly logger: Logger;
}

/** What is native memory to libfuse's threads must never be collected, and they may outlive the driver. */
const keptForEver = new Set<Buffer>();

interface Mounted {
  readonly binding: NativeBinding;
  readonly mountPoint: string;
  readonly thread: Buffer;
  readonly id: number;
}

/**
 * Mounts through the npm package fuse-native (libfuse 2). What this driver can't do: tell who calls; set only one
 * of the two times; times finer than a millisecond or before 1970; rename onto an open file atomically; go on with
 * an unlinked open file once its directory is removed too (ENOENT), or open it again through /proc (ENOENT); show a
 * handle that was open before what is then written under another hard link (each name has a page cache of its
 * own); list a directory without holding it in memory.
 */
export class FuseNativeDriver implements FuseDriver {
  readonly #options: FuseNativeOptions;
  readonly #interrupts = new Interrupts();
  readonly #replaced: ReplacedFiles;
  readonly #server: RequestServer;
  readonly #lostListeners: ((reason: string) => void)[] = [];
  #mounted: Mounted | undefined;
  #checking: NodeJS.Timeout | undefined;

  constructor(options: FuseNativeOptions) {
    const { handlers, logger } = options;
    this.#options = options;
    const paths = new OpenPaths();
    this.#replaced = new ReplacedFiles(handlers, paths, logger);
    const parts = { handlers, paths, replaced: this.#replaced, interrupts: this.#interrupts };
    this.#server = new RequestServer(new NativeOperations(parts), this.#replaced, logger);
  }

  /** Whether it could mount here; rejects with MOUNT_FAILED, saying what is missing. */
  static async check(): Promise<void> {
    await loadBinding();
    if (!(await hasDevice())) throw new AppError('MOUNT_FAILED', NO_DEVICE);
  }

  async mount(): Promise<void> {
    const binding = await loadBinding();
    const mountPoint = await prepareMountPoint(this.#options.mountPoint);
    // libfuse says this to the terminal only, and its error has no reason.
    if ((await readdir(mountPoint)).length > 0) {
      throw new AppError('MOUNT_FAILED', `the mount point ${mountPoint} is not empty`);
    }
    this.#interrupts.listen();
    try {
      const thread = await this.#mountNatively(binding, mountPoint);
      const entry = await mountedAt(mountPoint);
      if (!entry) throw new AppError('MOUNT_FAILED', 'the mount was taken away at once');
      this.#mounted = { binding, mountPoint, thread, id: entry.id };
    } catch (error) {
      this.#interrupts.forget();
      throw await explained(error);
    }
    this.#checking = setInterval(() => void this.#checkMount(), MOUNT_CHECK_MS).unref();
  }

  async unmount(): Promise<void> {
    const mounted = this.#mounted;
    if (!mounted) return;
    this.#mounted = undefined;
    clearInterval(this.#checking);
    const { binding, mountPoint, thread, id } = mounted;
    if ((await mountedAt(mountPoint))?.id === id && !(await unmountIfIdle(mountPoint))) {
      await unmountLazily(mountPoint);
    }
    await this.#drain();
    this.#replaced.stop();
    binding.fuse_native_unmount(mountPoint, thread);
    this.#interrupts.forget();
  }

  onLost(listener: (reason: string) => void): void {
    this.#lostListeners.push(listener);
  }

  async #mountNatively(binding: NativeBinding, mountPoint: string): Promise<Buffer> {
    const thread = Buffer.alloc(binding.sizeof_fuse_thread_t);
    keptForEver.add(thread);
    const allocate = (sizeBytes: number) => {
      const request = Buffer.alloc(sizeBytes);
      keptForEver.add(request);
      return request;
    };
    const { handlers, implemented, ready } = this.#server.connect(binding);
    binding.fuse_native_mount(mountPoint, this.#mountOptions(), thread, {}, allocate, handlers, implemented);
    try {
      await withDeadline(ready, INIT_LIMIT_MS, 'the first request of the kernel', 'MOUNT_FAILED');
    } catch (error) {
      await unmountLazily(mountPoint);
      binding.fuse_native_unmount(mountPoint, thread);
      throw error;
    }
    return thread;
  }

  #mountOptions(): string {
    const options = [
      `fsname=${MOUNT_SOURCE}`,
      'default_permissions',
      // Without it the kernel sends writes 4 KiB at a time.
      'big_writes',
      'use_ino',
      // libfuse has an inode of its own for every name of a hard-linked file: a cached size of one would be wrong
      // after a write through another. So attributes are asked for each time; names may be kept.
      'attr_timeout=0',
      'entry_timeout=1',
      'negative_timeout=0',
      'intr',
      `intr_signal=${constants.signals[INTERRUPT_SIGNAL]}`,
      ...(this.#options.allowOther ? ['allow_other'] : []),
    ];
    return `-o${options.join(',')}`;
  }

  /** Requests under way end by themselves, or are interrupted after a while. */
  async #drain(): Promise<void> {
    if (await this.#server.idleWithin(DRAIN_LIMIT_MS)) return;
    this.#interrupts.endAll(new AppError('SHUTTING_DOWN'));
    if (!(await this.#server.idleWithin(DRAIN_LIMIT_MS)))
      this.#options.logger.error('requests-left-at-unmount');
  }

  async #checkMount(): Promise<void> {
    const mounted = this.#mounted;
    if (!mounted) return;
    // ORDER: the table is read in between, and an unmount of our own may have begun.
    const entry = await mountedAt(mounted.mountPoint).catch(() => undefined);
    if (this.#mounted !== mounted || entry?.id === mounted.id) return;
    clearInterval(this.#checking);
    for (const listener of this.#lostListeners) listener('the mount point was unmounted by somebody else');
  }
}

/** libfuse gives no reason: the two likely ones are looked for. */
async function explained(error: unknown): Promise<AppError> {
  if (error instanceof AppError) return error;
  const reason = (await hasDevice())
    ? 'libfuse refused; mounting needs root with CAP_SYS_ADMIN, or fusermount (Debian: fuse)'
    : NO_DEVICE;
  return new AppError('MOUNT_FAILED', reason, { cause: asAppError(error) });
}

function hasDevice(): Promise<boolean> {
  return access('/dev/fuse', fileConstants.R_OK | fileConstants.W_OK).then(
    () => true,
    () => false,
  );
}
