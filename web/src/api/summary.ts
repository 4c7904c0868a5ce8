import type { MirrorView, Overview } from '../../../shared/api.ts';
import type { ApplianceMode, ContentState } from '../../../shared/states.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { formatCount, formatList } from '../format/quantities.ts';

/** The three answers at the top of the page. */
export interface Summary {
  /** May I write? */
  readonly writing: string;
  /** Is every mirror identical? */
  readonly mirrors: string;
  /** What needs me? */
  readonly attention: string;
}

const WRITING: Record<ApplianceMode, string> = {
  starting: 'Proxyfs is starting: writing is not possible yet.',
  recovering: 'Proxyfs is recovering: writing is not possible yet.',
  'read-write': 'You can read and write.',
  blocked: 'Writes do not succeed now; reading goes on.',
  'read-only': 'Read-only: an operator has switched writing off.',
  stopping: 'Proxyfs is stopping: no new writes are taken.',
  failed: 'Proxyfs has failed: writing is not possible.',
};

/** A name longer than this would bury the sentence. */
const NAME_CHARS = 30;

/** Says in three sentences how things are. */
export function summarise(overview: Overview): Summary {
  return {
    writing: writingSentence(overview),
    mirrors: mirrorSentence(overview.mirrors),
    attention: attentionSentence(overview.attention.length),
  };
}

function writingSentence({ mode, mount }: Overview): string {
  if (mode === 'read-write' && !mount.mounted) return 'Nothing is mounted: files cannot be reached.';
  return WRITING[mode];
}

function attentionSentence(count: number): string {
  if (count === 0) return 'Nothing needs you.';
  return count === 1 ? 'One thing needs you.' : `${count} things need you.`;
}

const BEHIND: Record<Exclude<ContentState, 'in-sync'>, string> = {
  stale: 'stale',
  resyncing: 'catching up',
  unknown: 'not known yet',
};
const BEHIND_STATES = Object.keys(BEHIND) as Exclude<ContentState, 'in-sync'>[];

function mirrorSentence(mirrors: readonly MirrorView[]): string {
  if (mirrors.length === 0) return 'There is no mirror: changes are kept here only.';
  const inSync = mirrors.filter(isInSync).length;
  if (inSync === mirrors.length) return allInSync(inSync);
  const parts = [...behindParts(mirrors), ...unreachablePart(mirrors), ...detachedPart(mirrors)];
  return `${inSync} of ${formatCount(mirrors.length, 'mirror')} in sync: ${parts.join('; ')}.`;
}

function allInSync(count: number): string {
  if (count === 1) return 'The mirror is in sync.';
  return count === 2 ? 'Both mirrors are in sync.' : `All ${count} mirrors are in sync.`;
}

/** A mirror that can't be asked may hold anything, whatever was known of it before. */
function isInSync(mirror: MirrorView): boolean {
  return mirror.content === 'in-sync' && mirror.link === 'up' && !mirror.detached;
}

function behindParts(mirrors: readonly MirrorView[]): string[] {
  return BEHIND_STATES.flatMap((content) => {
    const names = namesOf(mirrors, (mirror) => mirror.content === content && !mirror.detached);
    return names.length === 0
      ? []
      : [`${formatList(names)} ${names.length === 1 ? 'is' : 'are'} ${BEHIND[content]}`];
  });
}

function unreachablePart(mirrors: readonly MirrorView[]): string[] {
  const names = namesOf(
    mirrors,
    (mirror) => mirror.content === 'in-sync' && mirror.link !== 'up' && !mirror.detached,
  );
  return names.length === 0 ? [] : [`${formatList(names)} cannot be asked`];
}

function detachedPart(mirrors: readonly MirrorView[]): string[] {
  const names = namesOf(mirrors, (mirror) => mirror.detached);
  return names.length === 0 ? [] : [`${formatList(names)} ${names.length === 1 ? 'is' : 'are'} detached`];
}

function namesOf(mirrors: readonly MirrorView[], which: (mirror: MirrorView) => boolean): string[] {
  return mirrors.filter(which).map((mirror) => capMiddle(escapeText(mirror.id), NAME_CHARS).text);
}

/** When the mirror that has been silent longest was last heard; undefined when one never was. */
export function oldestAnswerMs(mirrors: readonly MirrorView[]): number | undefined {
  const attached = mirrors.filter((mirror) => !mirror.detached);
  const times = attached.map((mirror) =>
    mirror.lastOkAt === null ? Number.NaN : Date.parse(mirror.lastOkAt),
  );
  const oldest = Math.min(...times);
  return Number.isFinite(oldest) ? oldest : undefined;
}
