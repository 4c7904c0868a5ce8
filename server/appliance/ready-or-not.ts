import { asAppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import type { SyncedMirror } from './synced-mirror.ts';

/** Gives each required mirror the time of one attempt; a missing one leaves the appliance blocked, not stopped. */
export async function readyOrNot(mirrors: readonly SyncedMirror[], logger: Logger): Promise<void> {
  const required = mirrors.filter((mirror) => mirror.required);
  const wait = async (mirror: SyncedMirror) => {
    try {
      await mirror.ready();
    } catch (thrown) {
      const { code, message } = asAppError(thrown);
      logger.warn('mirror-not-ready', { mirror: mirror.name, code, error: message });
    }
  };
  await Promise.all(required.map(wait));
}
