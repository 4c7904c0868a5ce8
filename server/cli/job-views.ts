import type { JobItems, JobView } from '../../shared/jobs.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { formatBytes, formatDuration } from './quantities.ts';
import { table } from './table.ts';

const MESSAGE_CHARS = 1000;

export function jobsText(jobs: readonly JobView[]): string {
  if (jobs.length === 0) return 'none\n';
  return table(
    ['ID', 'STARTED', 'WHAT', 'STATE', 'COMPARED', 'DIFFERENT', 'REPAIRED', 'LEFT'],
    jobs.map((job) => [
      job.id,
      job.startedAt,
      `${job.type} ${job.mirror ?? 'all'} ${job.path}`,
      job.endedAt === undefined ? `${job.state}, ${job.phase}` : job.state,
      job.total ? `${job.entries} of ${Math.max(job.total.entries, job.entries)}` : String(job.entries),
      String(job.divergences),
      String(job.repaired.paths),
      job.etaSeconds === null ? '-' : formatDuration(job.etaSeconds * 1000),
    ]),
  );
}

/** One job in a few lines. */
export function jobText(job: JobView): string {
  const { type, mirror, path, state, entries, plan, repaired, repairs, error, restarts } = job;
  const where = visibleText(`${mirror ?? 'all mirrors'} ${path}`);
  const read = job.comparedBytes > 0 ? `, ${formatBytes(job.comparedBytes)} read` : '';
  const done = repairs ? `repaired ${repaired.paths} paths, ${formatBytes(repaired.bytes)} sent\n` : '';
  return [
    `${type} of ${where}: ${state} (${job.id})\n`,
    restarts > 0 ? `begun anew ${restarts} times, as the appliance had ended\n` : '',
    paceText(job),
    error ? `${visibleText(error.message, MESSAGE_CHARS)} (${error.code})\n` : '',
    `${entries} entries compared${read}: ${job.divergences} differ\n`,
    `${repairs ? 'to do' : 'would take'}: ${plan.copies} to copy (${formatBytes(plan.copyBytes)}), `,
    `${plan.changes} to change, ${plan.removals} to remove\n`,
    done,
    job.unknownLinks > 0
      ? `hard links of ${job.unknownLinks} files could not be compared: the login may run no commands there\n`
      : '',
    job.localSuspected > 0
      ? `${job.localSuspected} may be local damage, as all mirrors agree: ` +
        'look, and put it right in the mount, or overwrite the mirrors by resync\n'
      : '',
  ].join('');
}

/** Where it is and how fast it goes; empty when it is over. */
function paceText({ phase, currentPath, entriesPerSecond, bytesPerSecond, etaSeconds }: JobView): string {
  if (entriesPerSecond === null || bytesPerSecond === null) return '';
  const left = etaSeconds === null ? '' : `, ${formatDuration(etaSeconds * 1000)} left`;
  const at = currentPath === null ? '' : ` ${visibleText(currentPath)}`;
  return `${phase}${at}: ${entriesPerSecond} entries/s, ${formatBytes(bytesPerSecond)}/s${left}\n`;
}

/** What a job found, path by path. */
export function jobItemsText(items: JobItems): string {
  const divergences = items.divergences.map(({ mirror, path, kinds, localSuspected }) => [
    mirror,
    kinds.join(', '),
    path,
    localSuspected ? 'local damage suspected' : '',
  ]);
  const problems = items.problems.map(({ mirror, path, code, message }) => [
    mirror,
    'not compared',
    path,
    `${message} (${code})`,
  ]);
  const rows = [...divergences, ...problems];
  const leftOut = items.divergencesLeftOut + items.problemsLeftOut;
  const listed = rows.length === 0 ? '' : `\n${table(['MIRROR', 'DIFFERENT', 'PATH', 'NOTE'], rows)}`;
  return leftOut === 0 ? listed : `${listed}and ${leftOut} more\n`;
}
