import type { AttentionItem } from '../../shared/api.ts';
import type { SyncedMirror } from './synced-mirror.ts';
import { timeOf } from './views.ts';

/** What needs a person, derived from the mirrors as they are. */
export function attentionOf(mirrors: readonly SyncedMirror[]): AttentionItem[] {
  return mirrors.flatMap((mirror) => {
    const item = attentionFor(mirror);
    return item ? [item] : [];
  });
}

function attentionFor(synced: SyncedMirror): AttentionItem | undefined {
  const { link } = synced.mirror;
  const base = { id: `mirror/${synced.name}`, mirror: synced.name } as const;
  if (synced.detachment !== undefined) {
    const message = `${synced.name} is detached (${synced.detachment}): changes go on without it`;
    return { ...base, severity: 'warning', code: 'MIRROR_DISABLED', message, openedAt: timeOf(link.sinceMs) };
  }
  const severity = synced.required ? 'critical' : 'warning';
  // Also while it is being tried again: what needs somebody doesn't come and go with each attempt.
  if (link.reason) {
    const message = `${synced.name} is down: ${link.reason.message}`;
    const openedAt = timeOf(link.downSinceMs ?? link.sinceMs);
    return { ...base, severity, code: link.reason.code, message, openedAt };
  }
  const problem = synced.stale.size > 0 ? synced.reconciler.problems[0] : undefined;
  if (!problem) return leftByScrub(synced);
  const message = `${synced.name} can't be put right at ${problem.affected.path}: ${problem.error.message}`;
  return { ...base, severity, code: problem.error.code, message, openedAt: timeOf(synced.content.sinceMs) };
}

/** Nobody puts right what a scrub was only to report, or what may be local damage. */
function leftByScrub({ name, lastScrubs }: SyncedMirror): AttentionItem | undefined {
  if (!lastScrubs?.left) return undefined;
  const message = `the last scrub of ${name} has left ${lastScrubs.left} differences; proxyfs jobs lists them`;
  const openedAt = timeOf(lastScrubs.scrubbedAtMs);
  const id = `scrub/${name}`;
  return { id, mirror: name, severity: 'warning', code: 'MIRROR_DIVERGED', message, openedAt };
}
