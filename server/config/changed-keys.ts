import { isDeepStrictEqual } from 'node:util';
import type { ConfigurationChange } from '../../shared/configuration.ts';
import { configurationKeys } from './configuration-keys.ts';
import { ConfigurationError, type ConfigurationProblem } from './problem.ts';
import { SECTIONS, type Settings } from './schema.ts';
import { type PlainMap, readYaml } from './yaml-reading.ts';

type Values = Readonly<Record<string, unknown>>;

const APPLIES = new Map(configurationKeys().map(({ key, applies }) => [key, applies]));

/** Keys of which the section around them may be changed, or that stand by themselves. */
const FILE_ONLY = [...APPLIES].flatMap(([key, applies]) => {
  const around = key.slice(0, Math.max(0, key.lastIndexOf('.')));
  return applies === 'fileOnly' && APPLIES.get(around) !== 'fileOnly' ? [key] : [];
});

/** The keys that say something else in `after`, each with when that applies. */
export function changedKeys(before: Settings, after: Settings): ConfigurationChange[] {
  return Object.keys({ ...before, ...after }).flatMap((key) =>
    key === 'mirrors'
      ? differences(before.mirrors, after.mirrors, 'mirrors.').map((name) => change(name, 'mirrors'))
      : keysOf(key, before, after).map((name) => change(name, name)),
  );
}

function keysOf(key: string, before: Values, after: Values): string[] {
  if (SECTIONS[key] === undefined) return isDeepStrictEqual(before[key], after[key]) ? [] : [key];
  return differences(before[key] as Values, after[key] as Values, `${key}.`);
}

function differences(before: Values, after: Values, prefix: string): string[] {
  const names = Object.keys({ ...before, ...after });
  return names.filter((name) => !isDeepStrictEqual(before[name], after[name])).map((name) => prefix + name);
}

function change(key: string, known: string): ConfigurationChange {
  return { key, applies: APPLIES.get(known) ?? 'restart' };
}

/**
 * Throws a ConfigurationError that names each key that decides who may come in or where things are, and that `after` says
 * otherwise. The texts themselves are compared: what a variable overrides today counts tomorrow.
 */
export function refuseFileOnly(before: string, after: string, file: string): void {
  const [old, next] = [readYaml(before), readYaml(after)];
  const problems = FILE_ONLY.flatMap((key): ConfigurationProblem[] => {
    const path = key.split('.');
    if (isDeepStrictEqual(valueAt(old.root, path), valueAt(next.root, path))) return [];
    return [{ key: path, ...next.positionOf(path, 'key'), message: 'can be changed in the file alone' }];
  });
  if (problems.length > 0) throw new ConfigurationError(file, problems);
}

function valueAt(root: PlainMap | undefined, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (within, name) =>
      typeof within === 'object' && within !== null ? (within as PlainMap)[name] : undefined,
    root,
  );
}
