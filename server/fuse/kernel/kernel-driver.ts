import { readdir } from 'node:fs/promises';
import { AppError, asAppError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { withDeadline } from '../../base/wait.ts';
import type { FuseDriver, FuseHandlers } from '../driver.ts';
import { MOUNT_SOURCE, mountedAt, prepareMountPoint, unmountIfIdle } from '../mount-point.ts';
import type { MountEntry } from '../mount-table.ts';
import { ContentWatch } from './content-watch.ts';
import { FuseDevice } from './device.ts';
import {
  abortConnection,
  checkMounting,
  endMount,
  flushMount,
  mountDevice,
  widenReadAhead,
} from './mounting.ts';
import { NodePaths } from './node-paths.ts';
import { NodeTable } from './node-table.ts';
import { Notifications } from './notifications.ts';
import { PooledBuffers } from './pooled-buffers.ts';
import { LARGEST_CONTENT_BYTES } from './protocol/limits.ts';
import { Requests } from './requests/requests.ts';
import { Session } from './session.ts';

const INIT_LIMIT_MS = 10_000;
/** How long requests under way may take to end by themselves at unmount, and then after being interrupted. */
const DRAIN_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 2000;
const MOUNT_CHECK_MS = 2000;
/** Large reads that are answered at the same time; each has its buffer. */
const MOST_LARGE_READS = 16;

export interface KernelDriverOptions {
  readonly mountPoint: string;
  readonly handlers: FuseHandlers;
  readonly allowOther: boolean;
  readonly logger: Logger;
}

interface Mounted {
  readonly mountPoint: string;
  readonly entry: MountEntry;
  readonly session: Session;
  readonly requests: Requests;
  readonly watch: ContentWatch;
}

/**
 * Mounts by speaking the kernel's FUSE protocol over /dev/fuse, without libfuse; needs root. What it can't do:
 * device nodes, pipes, sockets and extended attributes (EOPNOTSUPP).
 */
export class KernelDriver implements FuseDriver {
  readonly #options: KernelDriverOptions;
  readonly #lostListeners: ((reason: string) => void)[] = [];
  #mounted: Mounted | undefined;
  #unmounting: Promise<void> = Promise.resolve();
  #checking: NodeJS.Timeout | undefined;

  constructor(options: KernelDriverOptions) {
    this.#options = options;
  }

  /** Whether it could mount here; rejects with MOUNT_FAILED, saying all that is missing. */
  static async check(): Promise<void> {
    const checks = [checkMounting(), FuseDevice.open().then((device) => device.close())];
    const failed = (await Promise.allSettled(checks)).filter((check) => check.status === 'rejected');
    if (failed.length === 0) return;
    const reasons = failed.map(({ reason }) => asAppError(reason).message);
    throw new AppError('MOUNT_FAILED', reasons.join('; '));
  }

  async mount(): Promise<void> {
    await KernelDriver.check();
    const mountPoint = await prepareMountPoint(this.#options.mountPoint);
    if ((await readdir(mountPoint)).length > 0) {
      throw new AppError('MOUNT_FAILED', `the mount point ${mountPoint} is not empty`);
    }
    const device = await FuseDevice.open();
    const { requests, watch, session } = this.#sessionOn(device);
    const { ready, ended } = session.start();
    try {
      await requests.start();
      await mountDevice(device.descriptor, mountPoint, this.#options.allowOther);
      const minor = await withDeadline(
        ready,
        INIT_LIMIT_MS,
        'the first request of the kernel',
        'MOUNT_FAILED',
      );
      this.#options.logger.info('mounted', { driver: 'kernel', mountPoint, protocol: `7.${minor}` });
      const entry = await mountedAt(mountPoint);
      if (!entry) throw new AppError('MOUNT_FAILED', 'the mount was taken away at once');
      await widenReadAhead(entry.deviceMinor);
      this.#mounted = { mountPoint, entry, session, requests, watch };
      watch.start();
    } catch (error) {
      if ((await mountedAt(mountPoint))?.source === MOUNT_SOURCE) await endMount(mountPoint);
      await session.stop(STOP_LIMIT_MS);
      throw error;
    }
    void ended.then((reason) => this.#lost(reason));
    this.#checking = setInterval(() => void this.#checkMount(), MOUNT_CHECK_MS).unref();
  }

  unmount(): Promise<void> {
    const mounted = this.#mounted;
    this.#mounted = undefined;
    clearInterval(this.#checking);
    if (mounted) this.#unmounting = this.#unmount(mounted);
    return this.#unmounting;
  }

  onLost(listener: (reason: string) => void): void {
    this.#lostListeners.push(listener);
  }

  #sessionOn(device: FuseDevice) {
    const { handlers, logger } = this.#options;
    const nodes = new NodeTable();
    const notifications = new Notifications(device, logger);
    const served = {
      handlers,
      nodes,
      paths: new NodePaths(nodes),
      notifications,
      readBuffers: new PooledBuffers(LARGEST_CONTENT_BYTES, MOST_LARGE_READS),
    };
    const requests = new Requests(served);
    return {
      requests,
      watch: new ContentWatch(served),
      session: new Session({ device, requests, notifications, logger }),
    };
  }

  async #unmount({ mountPoint, entry, session, requests, watch }: Mounted): Promise<void> {
    const { logger } = this.#options;
    watch.stop();
    const isThere = async () => (await mountedAt(mountPoint))?.id === entry.id;
    if ((await isThere()) && !(await unmountIfIdle(mountPoint))) {
      // ORDER: what memory maps have changed comes as writes, which are refused once the session drains.
      await flushMount(mountPoint);
    }
    if (!(await session.drain(DRAIN_LIMIT_MS))) logger.error('requests-left-at-unmount');
    if (await isThere()) await endMount(mountPoint);
    if (!(await session.stop(STOP_LIMIT_MS))) {
      await abortConnection(entry.deviceMinor).catch((error: unknown) =>
        logger.error('abort-failed', { error }),
      );
      if (!(await session.stop(STOP_LIMIT_MS))) logger.error('device-still-held', { mountPoint });
    }
    await requests
      .releaseAll()
      .catch((error: unknown) => logger.error('release-failed', { error: asAppError(error) }));
  }

  #lost(reason: string): void {
    if (!this.#mounted) return;
    clearInterval(this.#checking);
    for (const listener of this.#lostListeners.splice(0)) listener(reason);
  }

  async #checkMount(): Promise<void> {
    const mounted = this.#mounted;
    if (!mounted) return;
    // ORDER: the table is read in between, and an unmount of our own may have begun.
    const entry = await mountedAt(mounted.mountPoint).catch(() => undefined);
    if (this.#mounted === mounted && entry?.id !== mounted.entry.id)
      this.#lost('the mount point was unmounted by somebody else');
  }
}
