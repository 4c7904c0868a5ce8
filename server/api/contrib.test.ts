import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { MemoryControlPlane } from '../testing/memory-control-plane.ts';
import { metricsText } from './metrics.ts';

const targetsSchema = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })),
});
const rulesSchema = z.object({
  groups: z.array(z.object({ rules: z.array(z.object({ alert: z.string(), expr: z.string() })) })),
});

const dashboard = targetsSchema.parse(JSON.parse(contrib('grafana/proxyfs.json')));
const rules = rulesSchema
  .parse(parse(contrib('prometheus/alerts.yml')))
  .groups.flatMap((group) => group.rules);
const shown = dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));
const all = [...shown, ...rules.map(({ expr }) => expr)];

function contrib(name: string): string {
  return readFileSync(new URL(`../../contrib/${name}`, import.meta.url), 'utf8');
}

function metrics(): string[] {
  const controlPlane = new MemoryControlPlane();
  controlPlane.addMirror({ id: 'web1' });
  return metricsText(controlPlane.overview()).split('\n');
}

/** What an expression asks of Proxyfs: the name, and the labels that have to be equal. */
function askedBy(expression: string): { name: string; labels: string[] }[] {
  return [...expression.matchAll(/(proxyfs_\w+)(?:\{([^}]*)\})?/g)].map(([, name = '', labels = '']) => ({
    name,
    labels: labels.split(',').filter((label) => /^\w+="/.test(label)),
  }));
}

it.each(all)('asks for what there is: %s', (expression) => {
  const lines = metrics();
  for (const { name, labels } of askedBy(expression)) {
    const answers = lines.filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `));
    expect(answers.filter((line) => labels.every((label) => line.includes(label)))).not.toEqual([]);
  }
});

it('shows each figure that there is, and has each alert once', () => {
  const names = metrics().flatMap((line) => /^# TYPE (\w+)/.exec(line)?.[1] ?? []);
  const asked = new Set(all.flatMap((expression) => askedBy(expression).map(({ name }) => name)));
  expect(names.filter((name) => !asked.has(name))).toEqual(['proxyfs_mirror_required']);
  expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
});
