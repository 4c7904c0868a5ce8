import type { Space } from '../filesystem/file-tree.ts';
import { clockLackOf } from '../mirror/guarantee.ts';
import type { MirrorCapabilities } from '../mirror/link-state.ts';
import type { Need } from './need.ts';
import type { SyncedMirror } from './synced-mirror.ts';
import { timeOf } from './views.ts';

/** A mirror has little space when less is left than the smaller of these. */
const LOW_BYTES = 1024 ** 3;
const LOW_SHARE = 0.05;
/** It has to be so much more before that is over, or it would come and go with each file. */
const ENOUGH_AGAIN = 1.25;

/** What a mirror needs a person for: its state, or else what a scrub has left there. */
export function mirrorNeeds(synced: SyncedMirror): readonly Need[] {
  const { link } = synced.mirror;
  const base = { id: `mirror/${synced.name}`, mirror: synced.name } as const;
  if (synced.detachment !== undefined) {
    const message = `${synced.name} is detached (${synced.detachment}): changes go on without it`;
    const openedAt = timeOf(link.sinceMs);
    return [{ ...base, severity: 'warning', code: 'MIRROR_DISABLED', message, openedAt }];
  }
  const severity = synced.required ? 'critical' : 'warning';
  // Also while it is being tried again: what needs somebody doesn't come and go with each attempt.
  if (link.reason) {
    const message = `${synced.name} is down: ${link.reason.message}`;
    const openedAt = timeOf(link.downSinceMs ?? link.sinceMs);
    return [{ ...base, severity, code: link.reason.code, message, openedAt }];
  }
  const problem = synced.stale.size > 0 ? synced.reconciler.problems[0] : undefined;
  if (!problem) return leftByScrub(synced);
  const message = `${synced.name} can't be put right at ${problem.affected.path}: ${problem.error.message}`;
  const openedAt = timeOf(synced.content.sinceMs);
  return [{ ...base, severity, code: problem.error.code, message, openedAt }];
}

/** Nobody puts right what a scrub was only to report, or what may be local damage. */
function leftByScrub({ name, lastScrubs }: SyncedMirror): readonly Need[] {
  if (!lastScrubs?.left) return [];
  const message = `the last scrub of ${name} has left ${lastScrubs.left} differences; proxyfs jobs lists them`;
  const openedAt = timeOf(lastScrubs.scrubbedAtMs);
  const id = `scrub/${name}`;
  return [{ id, mirror: name, severity: 'warning', code: 'MIRROR_DIVERGED', message, openedAt }];
}

/**
 * What its server needs a person for, before anything fails by it: who writes into the mount doesn't see the space of mirrors. What
 * else a server lacks it has lacked from the beginning, and is told beside the mirror.
 */
export function serverNeeds(
  name: string,
  server: { capabilities: MirrorCapabilities | undefined; space: Space | undefined },
  isOpen: (id: string) => boolean,
): readonly Need[] {
  const { capabilities, space } = server;
  const ids = { space: `space/${name}`, clock: `clock/${name}` };
  const clock = capabilities && clockLackOf(capabilities);
  const needs: Need[] = [];
  if (space && isLow(space, isOpen(ids.space))) {
    // Without the number, which each file changes: it stands beside the mirror.
    const message = `${name} has little space left: when it is used up, changes fail`;
    needs.push({ id: ids.space, mirror: name, severity: 'warning', code: 'SPACE_LOW', message });
  }
  if (clock !== undefined) {
    const message = `${name}: ${clock}`;
    needs.push({ id: ids.clock, mirror: name, severity: 'warning', code: 'CLOCK_OFF', message });
  }
  return needs;
}

function isLow({ freeBytes, totalBytes }: Space, wasLow: boolean): boolean {
  const limit = Math.min(LOW_BYTES, totalBytes * LOW_SHARE);
  return freeBytes < limit * (wasLow ? ENOUGH_AGAIN : 1);
}
