import type {
  ParticipantView,
  TransactionDetail,
  TransactionList,
  TransactionView,
} from '../../shared/api.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { formatBytes, formatDuration } from './quantities.ts';
import { table } from './table.ts';

export function transactionListText({ items, nextCursor }: TransactionList): string {
  const more = nextCursor === null ? '' : `more with --cursor ${visibleText(nextCursor)}\n`;
  return transactionsText(items) + more;
}

export function transactionsText(transactions: readonly TransactionView[]): string {
  if (transactions.length === 0) return 'none\n';
  return table(
    ['ID', 'STARTED', 'OPERATION', 'PATH', 'STATE', 'MIRRORS', 'ERROR'],
    transactions.map((each) => [
      each.id,
      each.startedAt,
      each.sizeBytes === undefined ? each.operation : `${each.operation} ${formatBytes(each.sizeBytes)}`,
      each.to === undefined ? each.path : `${each.path} -> ${each.to}`,
      each.state,
      each.participants.map(participantText).join(', '),
      each.error ? `${each.error.errno} ${each.error.message}` : '-',
    ]),
  );
}

/** One transaction, and below it its steps. */
export function transactionDetailText(detail: TransactionDetail): string {
  const { timeline, timelineLeftOut } = detail;
  const steps = table(
    ['AFTER', 'MIRROR', 'STATE', 'ATTEMPT', 'ERROR'],
    timeline.map(({ afterMs, mirror, state, attempt, error }) => [
      formatDuration(afterMs),
      mirror ?? '-',
      state,
      attempt > 0 ? String(attempt) : '-',
      error ? `${error.message} (${error.code})` : '-',
    ]),
  );
  const more = timelineLeftOut > 0 ? `${timelineLeftOut} further steps are left out\n` : '';
  return `${transactionsText([detail])}\n${steps}${more}`;
}

function participantText({ mirror, state, attempt, attempts }: ParticipantView): string {
  return attempt > 0 ? `${mirror} ${state} ${attempt}/${attempts}` : `${mirror} ${state}`;
}
