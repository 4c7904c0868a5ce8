import type { MirrorView } from '../../../shared/api.ts';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import type { ApplianceProcess } from '../appliance-process.ts';
import { waitUntil } from '../wait-until.ts';
import type { FaultKind } from './fault.ts';

/** The appliance may be dead, and start again, meanwhile. */
const LIMIT_MS = 60_000;

/** A person at the REST API, who tries again while the appliance doesn't answer. */
export class Operator {
  readonly #appliance: ApplianceProcess;

  constructor(appliance: ApplianceProcess) {
    this.#appliance = appliance;
  }

  async retry(mirror: string): Promise<void> {
    await this.#change(mirror, 'retry');
  }

  /** Resolves when the appliance doesn't use the mirror, for this reason or because it is detached. */
  async seesRefused(mirror: string, code: ErrorCode): Promise<void> {
    const isRefused = async () => {
      const { link, reason } = await this.#view(mirror);
      if (link === 'disabled' || (link !== 'up' && reason?.code === code)) return true;
      if (link === 'down') await this.retry(mirror);
      return false;
    };
    await waitUntil(`${mirror} is refused: ${code}`, isRefused, LIMIT_MS);
  }

  /** Detaches a mirror, and attaches it again: in between it must stay detached, also over a crash. */
  detachment(mirror: string): FaultKind {
    return () => ({
      name: `${mirror} detached`,
      start: () => this.#change(mirror, 'detach'),
      heal: async () => {
        const { detached } = await waitUntil('the appliance answers', () => this.#view(mirror), LIMIT_MS);
        if (!detached) throw new Error(`${mirror} was detached, and is not any more`);
        await this.#change(mirror, 'attach');
      },
    });
  }

  async #view(mirror: string): Promise<MirrorView> {
    return (await this.#appliance.api(`/api/v1/mirrors/${mirror}`)).body as MirrorView;
  }

  async #change(mirror: string, change: 'retry' | 'detach' | 'attach'): Promise<void> {
    const path = `/api/v1/mirrors/${mirror}/${change}`;
    const isDone = async () => (await this.#appliance.api(path, { method: 'POST' })).status === 200;
    await waitUntil(`${mirror}: ${change}`, isDone, LIMIT_MS);
  }
}
