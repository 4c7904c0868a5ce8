import type { AttentionItem, MirrorView, Overview, Reason } from '../../shared/api.ts';
import { visibleText } from '../../shared/visible-text.ts';
import { formatBytes, formatDuration } from './quantities.ts';
import { table } from './table.ts';
import { transactionsText } from './transaction-views.ts';

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

function attentionText(items: readonly AttentionItem[]): string {
  return table(
    ['SEVERITY', 'SINCE', 'WHAT'],
    items.map((item) => [item.severity, item.openedAt, `${item.message} (${item.code})`]),
  );
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
