import { CONTENT_STATES, LINK_STATES, APPLIANCE_MODES } from '../../shared/states.ts';
import type { MirrorView, Overview } from '../../shared/api.ts';

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

type Labels = Readonly<Record<string, string>>;
type Sample = readonly [labels: Labels, value: number];

/** The overview in Prometheus' text format: base units, and no paths as labels. */
export function metricsText(overview: Overview): string {
  return [...applianceMetrics(overview), ...mirrorMetrics(overview.mirrors)].join('');
}

function applianceMetrics({ mode, mount, counters, inFlight, version }: Overview): string[] {
  return [
    metric('info', 'gauge', 'The version that runs.', [[{ version }, 1]]),
    metric('mode', 'gauge', 'Which mode the appliance is in.', oneOf(APPLIANCE_MODES, mode, 'mode')),
    metric('mounted', 'gauge', 'Whether the mount is there.', [[{}, Number(mount.mounted)]]),
    metric('transactions_total', 'counter', 'Transactions that ended.', [
      [{ outcome: 'committed' }, counters.committed],
      [{ outcome: 'rolled-back' }, counters.rolledBack],
    ]),
    metric('retries_total', 'counter', 'Attempts after the first.', [[{}, counters.retries]]),
    metric('history_missing_total', 'counter', 'Ended transactions that the history lacks.', [
      [{}, counters.missingInHistory],
    ]),
    metric('transactions_in_flight', 'gauge', 'Transactions under way.', [[{}, inFlight.count]]),
    metric('resident_memory_bytes', 'gauge', 'Memory of the process.', [[{}, process.memoryUsage.rss()]]),
  ];
}

function mirrorMetrics(mirrors: readonly MirrorView[]): string[] {
  const each = (samples: (mirror: MirrorView, labels: Labels) => readonly Sample[]) =>
    mirrors.flatMap((mirror) => samples(mirror, { mirror: mirror.id }));
  return [
    metric(
      'mirror_link',
      'gauge',
      'Which state the link is in.',
      each(({ link }, labels) => oneOf(LINK_STATES, link, 'state', labels)),
    ),
    metric(
      'mirror_content',
      'gauge',
      'Which state the content is in.',
      each(({ content }, labels) => oneOf(CONTENT_STATES, content, 'state', labels)),
    ),
    metric(
      'mirror_required',
      'gauge',
      'Whether writes need this mirror now.',
      each((mirror, labels) => [[labels, Number(mirror.required && !mirror.detached)]]),
    ),
    metric(
      'mirror_stale_paths',
      'gauge',
      'Paths that may be wrong there.',
      each((mirror, labels) => [[labels, mirror.stalePaths]]),
    ),
    metric(
      'mirror_free_bytes',
      'gauge',
      'Space left there.',
      each(({ freeBytes }, labels) => (freeBytes === null ? [] : [[labels, freeBytes]])),
    ),
    metric(
      'mirror_round_trip_seconds',
      'gauge',
      'Recent round trips.',
      each(({ rttMs }, labels) =>
        rttMs === null
          ? []
          : [
              [{ ...labels, quantile: '0.5' }, rttMs.p50 / 1000],
              [{ ...labels, quantile: '0.95' }, rttMs.p95 / 1000],
            ],
      ),
    ),
  ];
}

/** One sample for each state: 1 for the one that holds. */
function oneOf(states: readonly string[], current: string, label: string, labels: Labels = {}): Sample[] {
  return states.map((state) => [{ ...labels, [label]: state }, Number(state === current)]);
}

function metric(name: string, type: 'gauge' | 'counter', help: string, samples: readonly Sample[]): string {
  const full = `proxyfs_${name}`;
  const lines = samples.map(([labels, value]) => `${full}${labelText(labels)} ${value}\n`);
  return `# HELP ${full} ${help}\n# TYPE ${full} ${type}\n${lines.join('')}`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
