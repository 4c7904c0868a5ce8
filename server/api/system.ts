import { readdir, stat } from 'node:fs/promises';
import os from 'node:os';
import { join } from 'node:path';
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Diagnostics, SystemView } from '../../shared/system.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { VERSION } from '../appliance/version.ts';
import type { LogRing } from '../base/log-ring.ts';

const RESOLUTION_MS = 10;
const LAG_SPAN_MS = 60_000;
const NS_PER_MS = 1e6;
/** Lines of the log that go into the diagnostics. */
const LINES = 500;
const MOST_STATE_ENTRIES = 10_000;

export interface SystemOptions {
  readonly controlPlane: ControlPlane;
  readonly log: LogRing;
  readonly statePath: string;
}

/** How the process itself is. Looks at nothing of the mount: a look from inside would wait for itself. */
export class System {
  readonly #options: SystemOptions;
  readonly #startedAt = new Date(Date.now() - process.uptime() * 1000).toISOString();
  #lag: IntervalHistogram | undefined;
  #lagBefore: SystemView['loopLagMs'] | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SystemOptions) {
    this.#options = options;
  }

  start(): void {
    const lag = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    lag.enable();
    this.#lag = lag;
    this.#timer = setInterval(() => {
      this.#lagBefore = lagOf(lag);
      lag.reset();
    }, LAG_SPAN_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#lag?.disable();
  }

  async view(): Promise<SystemView> {
    const { controlPlane, statePath } = this.#options;
    const { rss, heapUsed } = process.memoryUsage();
    const now = this.#lag ? lagOf(this.#lag) : { p50: 0, p99: 0, max: 0 };
    return {
      version: VERSION,
      node: process.versions.node,
      platform: `${os.platform()} ${os.arch()}`,
      kernel: os.release(),
      processors: os.cpus().length,
      pid: process.pid,
      startedAt: this.#startedAt,
      uptimeSeconds: Math.round(process.uptime()),
      memory: { residentBytes: rss, heapBytes: heapUsed, machineFreeBytes: os.freemem() },
      loopLagMs: this.#lagBefore && this.#lagBefore.max > now.max ? this.#lagBefore : now,
      mount: controlPlane.overview().mount,
      state: await sizesIn(statePath),
      readiness: controlPlane.ready(),
    };
  }

  /** For somebody who helps: no content of files, and nothing that opens a door. */
  async diagnostics(): Promise<Diagnostics> {
    const { controlPlane, log } = this.#options;
    return {
      at: new Date().toISOString(),
      system: await this.view(),
      overview: controlPlane.overview(),
      mirrors: { items: [...controlPlane.mirrors()], nextCursor: null },
      jobs: { items: [...controlPlane.jobs.list()], nextCursor: null },
      log: log.read({ level: 'debug', limit: LINES }).items,
    };
  }
}

function lagOf(lag: IntervalHistogram): SystemView['loopLagMs'] {
  // A timer that is due waits for its turn of the clock, too.
  const late = (ns: number) => Math.max(0, Math.round((ns / NS_PER_MS - RESOLUTION_MS) * 10) / 10);
  if (lag.count === 0) return { p50: 0, p99: 0, max: 0 };
  return { p50: late(lag.percentile(50)), p99: late(lag.percentile(99)), max: late(lag.max) };
}

/** Of each file and directory, with all that is in it. What goes away meanwhile counts nothing. */
async function sizesIn(directory: string): Promise<{ name: string; bytes: number }[]> {
  const names = await readdir(directory).catch(() => []);
  const left = { entries: MOST_STATE_ENTRIES };
  const sizes = [];
  for (const name of names.toSorted((a, b) => a.localeCompare(b)))
    sizes.push({ name, bytes: await sizeOf(join(directory, name), left) });
  return sizes;
}

async function sizeOf(path: string, left: { entries: number }): Promise<number> {
  left.entries -= 1;
  if (left.entries < 0) return 0;
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) return found?.size ?? 0;
  let bytes = 0;
  for (const name of await readdir(path).catch(() => [])) bytes += await sizeOf(join(path, name), left);
  return bytes;
}
