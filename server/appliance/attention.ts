import { isDeepStrictEqual } from 'node:util';
import type { AttentionItem } from '../../shared/api.ts';
import type { EventName } from '../../shared/events.ts';
import type { Space } from '../filesystem/file-tree.ts';
import type { JobControl } from './control-plane.ts';
import type { EventRing } from './event-ring.ts';
import type { History } from './history.ts';
import { jobNeeds } from './job-needs.ts';
import { mirrorNeeds, serverNeeds } from './mirror-needs.ts';
import type { MirrorSet } from './mirror-set.ts';
import type { Mode } from './mode.ts';
import type { Need } from './need.ts';
import { timeOf } from './views.ts';

/** So long after the last one it is told that transactions are missing in the history. */
const MISSING_TOLD_MS = 3600_000;

/** After which events something else may need a person. What has none is seen with the health of mirrors, once a second. */
const MAY_CHANGE: Record<EventName, boolean> = {
  'appliance.mode': true,
  'mirror.state': true,
  'mirror.removed': true,
  'mirror.health': true,
  'tx.started': false,
  'tx.progress': false,
  'tx.retry': false,
  'tx.ended': false,
  'tx.dropped': false,
  counters: true,
  'job.state': true,
  'job.progress': false,
  'attention.opened': false,
  'attention.changed': false,
  'attention.closed': false,
  'config.changed': false,
  'server.stopping': false,
};

export interface AttentionOptions {
  readonly mirrors: MirrorSet;
  readonly mode: Mode;
  readonly jobs: Pick<JobControl, 'list'>;
  readonly history: Pick<History, 'counters'>;
  readonly space: ReadonlyMap<string, Space>;
  readonly ring: EventRing;
}

/**
 * What needs a person, derived anew after each event that may change it. The list is what the events have told so far, so
 * that who has read it goes on by them.
 */
export class Attention {
  readonly #options: AttentionOptions;
  #items: ReadonlyMap<string, AttentionItem> = new Map();
  #isDue = false;
  #missing = { count: 0, seenMs: 0 };
  #unsubscribe: (() => void) | undefined;

  constructor(options: AttentionOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe = this.#options.ring.on(({ event }) => {
      if (MAY_CHANGE[event]) this.#soon();
    });
    this.#soon();
  }

  stop(): void {
    this.#unsubscribe?.();
  }

  get items(): Iterable<AttentionItem> {
    return this.#items.values();
  }

  /** ORDER: after everybody has been told of the event that it comes from; and once for all that happens at a time. */
  #soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    queueMicrotask(() => {
      this.#isDue = false;
      this.#look();
    });
  }

  #look(): void {
    const { mode, ring } = this.#options;
    // The links that a stop ends need nobody.
    if (mode.state.mode === 'stopping') return;
    const before = this.#items;
    const now = new Map(this.#needs().map((need) => [need.id, this.#dated(need)]));
    this.#items = now;
    for (const id of before.keys()) if (!now.has(id)) ring.emit('attention.closed', { id });
    for (const item of now.values()) {
      const known = before.get(item.id);
      if (!known) ring.emit('attention.opened', item);
      else if (!isDeepStrictEqual(known, item)) ring.emit('attention.changed', item);
    }
  }

  #dated(need: Need): AttentionItem {
    const openedAt = need.openedAt ?? this.#items.get(need.id)?.openedAt ?? timeOf(Date.now());
    return { ...need, openedAt };
  }

  #needs(): Need[] {
    const { mirrors, mode, jobs, space } = this.#options;
    const isOpen = (id: string) => this.#items.has(id);
    return [
      ...writingOff(mode),
      ...mirrors.all.flatMap(mirrorNeeds),
      ...mirrors.all
        .filter(({ detachment }) => detachment === undefined)
        .flatMap(({ name, mirror }) =>
          serverNeeds(name, { capabilities: mirror.link.capabilities, space: space.get(name) }, isOpen),
        ),
      ...jobNeeds(
        jobs.list(),
        mirrors.all.map(({ name }) => name),
      ),
      ...this.#missingInHistory(),
    ];
  }

  /** Whoever has made room for it can't make them come back: it is over when no more are lost for a while. */
  #missingInHistory(): readonly Need[] {
    const count = this.#options.history.counters.missingInHistory;
    if (count === 0) return [];
    if (count > this.#missing.count) this.#missing = { count, seenMs: performance.now() };
    if (performance.now() - this.#missing.seenMs > MISSING_TOLD_MS) return [];
    const message =
      'transactions are missing in the history: the disk of state_path is too slow, or takes nothing';
    return [{ id: 'history', severity: 'warning', code: 'HISTORY_INCOMPLETE', message }];
  }
}

/** Somebody has to switch it on again. A mode that mirrors bring about is theirs to tell. */
function writingOff({ state: { mode, reason } }: Mode): readonly Need[] {
  if (mode !== 'read-only') return [];
  return [{ id: 'mode', severity: 'warning', code: 'READ_ONLY', message: reason }];
}
