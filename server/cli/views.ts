import type {
  AttentionItem,
  MirrorView,
  Overview,
  ParticipantView,
  Reason,
  TransactionList,
  TransactionView,
} from '../../shared/api.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { formatBytes, formatDuration } from './quantities.ts';
import { table } from './table.ts';

/** The overview for a screen. */
export function overviewText(overview: Overview): string {
  const { mode, reason, mount, counters, inFlight, attention } = overview;
  const { committed, rolledBack, retries } = counters;
  const totals = `${committed} committed, ${rolledBack} rolled back, ${retries} retries since the start`;
  return [
    `${mode}: ${visibleText(reason)}\n`,
    `${mount.mounted ? 'mounted' : 'NOT mounted'} at ${visibleText(mount.point)} by ${visibleText(mount.driver)} (${visibleText(mount.driverReason)}), version ${visibleText(overview.version)}\n`,
    `${inFlight.count} in flight, ${totals}\n`,
    section('Needs attention', attention.length > 0, () => attentionText(attention)),
    section('Mirrors', true, () => mirrorsText(overview.mirrors)),
    section('In flight', inFlight.items.length > 0, () => transactionsText(inFlight.items)),
  ].join('');
}

export function mirrorsText(mirrors: readonly MirrorView[]): string {
  if (mirrors.length === 0) return 'none\n';
  const mirrorTable = table(
    ['MIRROR', 'LINK', 'CONTENT', 'REQUIRED', 'ROUND TRIP', 'STALE', 'FREE', 'WHERE', 'REASON'],
    mirrors.map((mirror) => [
      mirror.id,
      mirror.detached ? `${mirror.link} (detached)` : mirror.link,
      mirror.content,
      requiredText(mirror),
      mirror.rttMs ? formatDuration(mirror.rttMs.p50) : '-',
      String(mirror.stalePaths),
      mirror.freeBytes === null ? '-' : formatBytes(mirror.freeBytes),
      `${mirror.host}:${mirror.port}:${mirror.path}`,
      reasonText(mirror.reason),
    ]),
  );
  return mirrorTable + mirrors.map(lacksText).join('');
}

export function transactionListText({ items, nextCursor }: TransactionList): string {
  const more = nextCursor === null ? '' : `more with --cursor ${visibleText(nextCursor)}\n`;
  return transactionsText(items) + more;
}

function transactionsText(transactions: readonly TransactionView[]): string {
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

function attentionText(items: readonly AttentionItem[]): string {
  return table(
    ['SEVERITY', 'SINCE', 'WHAT'],
    items.map((item) => [item.severity, item.openedAt, `${item.message} (${item.code})`]),
  );
}

function participantText({ mirror, state, attempt, attempts }: ParticipantView): string {
  return attempt > 0 ? `${mirror} ${state} ${attempt}/${attempts}` : `${mirror} ${state}`;
}

function lacksText({ id, capabilities }: MirrorView): string {
  const lacks = capabilities?.lacks ?? [];
  return lacks.length > 0
    ? `${visibleText(id)} has a lesser guarantee: ${visibleText(lacks.join('; '))}\n`
    : '';
}

function requiredText({ required, joining }: MirrorView): string {
  if (!required) return 'no';
  return joining ? 'when filled' : 'yes';
}

function reasonText(reason: Reason | undefined): string {
  return reason ? `${reason.message} (${reason.code})` : '-';
}

function section(title: string, present: boolean, text: () => string): string {
  return present ? `\n${title}\n${text()}` : '';
}
