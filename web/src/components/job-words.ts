import type { JobView } from '../../../shared/jobs.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { formatBytes, formatCount, formatNumber } from '../format/quantities.ts';

type Planned = Pick<JobView, 'type' | 'repairs'>;

/** What kind of job it is, in words. */
export function jobKind({ type, repairs }: Planned): string {
  if (type === 'scrub') return repairs ? 'Scrub with repair' : 'Scrub';
  return repairs ? 'Resync' : 'Dry run of a resync';
}

/** The mirror of a job, escaped and short. */
export function jobMirror(mirror: string | null): string {
  return mirror === null ? 'all mirrors' : capMiddle(escapeText(mirror), 40).text;
}

/** The whole of it in one line, for a button's name. */
export function jobName(job: JobView): string {
  return `${jobKind(job)} of ${jobMirror(job.mirror)}, ${capMiddle(escapeText(job.path), 60).text}`;
}

/** What making the mirrors equal takes, in numbers. */
export function planText({ plan }: Pick<JobView, 'plan'>): string {
  const { copies, copyBytes, changes, removals } = plan;
  return `${formatCount(copies, 'path')} to copy (${formatBytes(copyBytes)}), ${count(changes)} to change, ${count(removals)} to remove`;
}

/** How much of its phase is done, 0 to 100; undefined while that isn't known. */
export function jobPercent({ phase, entries, total, repaired, divergences }: JobView): number | undefined {
  if (phase === 'repairing') return percent(repaired.paths, divergences);
  return total === null ? undefined : percent(entries, total.entries);
}

function percent(done: number, whole: number): number {
  return whole === 0 ? 100 : Math.min(100, (100 * done) / whole);
}

function count(many: number): string {
  return formatNumber(many);
}
