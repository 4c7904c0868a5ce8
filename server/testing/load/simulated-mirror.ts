import { AppError } from '../../base/errors.ts';
import { silentLogger } from '../../base/logger.ts';
import type { MirrorConfiguration } from '../../config/configuration.ts';
import {
  firstLink,
  type LinkEvent,
  type LinkStatus,
  type MirrorCapabilities,
  nextLink,
} from '../../mirror/link-state.ts';
import { Mirror, type MirrorLink } from '../../mirror/mirror.ts';
import type { SeededRandom } from '../seeded-random.ts';

const HERE = { absolute: '/srv/www', real: '/srv/www' };

/** A mirror whose link is up or down as it is told, with round trips by chance. Nothing is sent anywhere. */
export class SimulatedMirror extends Mirror {
  readonly #random: SeededRandom;
  readonly #tripMs: number;
  #now: LinkStatus = firstLink(Date.now());
  #sentBytes = 0;

  constructor(config: MirrorConfiguration, random: SeededRandom) {
    const own = { localPath: HERE, mountPoint: HERE };
    super({ config, timeoutMs: 1000, logger: silentLogger, own, admit: () => Promise.resolve() });
    this.#random = random;
    this.#tripMs = 1 + 60 * random.fraction();
  }

  override get linkState(): LinkStatus['state'] {
    return this.#now.state;
  }

  override get link(): MirrorLink {
    if (this.#now.state !== 'up') return this.#now;
    const rttMs = { p50: this.#tripMs * (1 + this.#random.fraction()), p95: this.#tripMs * 3 };
    return { ...this.#now, rttMs, lastOkAtMs: Date.now() };
  }

  override get sentBytes(): number {
    return (this.#sentBytes += this.#random.below(1_000_000));
  }

  override takeRoundTrips(): readonly number[] {
    return this.#now.state === 'up' ? [this.#tripMs * (1 + this.#random.fraction())] : [];
  }

  override start(): void {
    this.reconnectNow();
  }

  override reconnectNow(): void {
    if (this.#now.state !== 'down') return;
    this.#take({ kind: 'attempt' });
    this.#take({ kind: 'up', capabilities: CAPABILITIES });
  }

  /** Its link is lost. */
  lose(): void {
    const error = new AppError('MIRROR_UNREACHABLE', `${this.config.host} has closed the connection`);
    if (this.#now.state === 'up') this.#take({ kind: 'down', error });
  }

  override disable(): void {
    this.#take({ kind: 'disable' });
  }

  override enable(): void {
    this.#take({ kind: 'enable' });
    this.reconnectNow();
  }

  #take(event: LinkEvent): void {
    this.#now = nextLink(this.#now, event, Date.now());
    this.events.emit('link', this.link);
  }
}

const CAPABILITIES: MirrorCapabilities = {
  atomicRename: true,
  fsync: true,
  hardLinks: true,
  lsetstat: true,
  statvfs: true,
  owners: true,
  maxWriteBytes: 256 * 1024,
  writable: true,
  clockAheadMs: undefined,
  bootId: undefined,
};
