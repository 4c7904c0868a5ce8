import type { ConfigurationProblem } from './problem.ts';
import { readOneLine } from './small-file.ts';
import { didYouMean, suggestion } from './suggestion.ts';
import { type KeyPath, pathId, type PlainMap } from './yaml-reading.ts';

const PREFIX = 'PROXYFS_';
const TOKEN = 'PROXYFS_TOKEN';

/** The variables that override a key of the file; each may come as `NAME_FILE`, naming a file that holds the value. */
export const OVERRIDES: Readonly<Record<string, KeyPath>> = {
  PROXYFS_LOCAL_PATH: ['local_path'],
  PROXYFS_MOUNT_POINT: ['mount_point'],
  PROXYFS_STATE_PATH: ['state_path'],
  PROXYFS_LISTEN: ['http', 'listen'],
  PROXYFS_LOG_LEVEL: ['log', 'level'],
};

/** What the environment says, and what is wrong with it. */
export interface EnvironmentReading {
  readonly token: string | undefined;
  readonly overrides: readonly Override[];
  readonly problems: readonly ConfigurationProblem[];
}

/** A value of the environment, and the variable to blame for it. */
export interface Override {
  readonly variable: string;
  readonly path: KeyPath;
  readonly value: string;
}

/** Reads the `PROXYFS_*` variables and the files that `*_FILE` variables name. */
export async function readEnvironment(env: NodeJS.ProcessEnv): Promise<EnvironmentReading> {
  const problems: ConfigurationProblem[] = [];
  const report = (variable: string, message: string) => problems.push(variableProblem(variable, message));
  const overrides: Override[] = [];
  for (const [name, path] of Object.entries(OVERRIDES)) {
    const read = await readVariable(env, name, report);
    if (read !== undefined) overrides.push({ ...read, path });
  }
  const token = await readVariable(env, TOKEN, report);
  if (token !== undefined && !/^[\x21-\x7e]{1,4096}$/.test(token.value)) {
    report(token.variable, 'must consist of printable ASCII characters, without spaces');
  }
  for (const name of Object.keys(env)) reportNearMiss(name, report);
  return { token: token?.value, overrides, problems };
}

/** Puts the overrides in the place of what the file says; a section that is no map is left for validation to refuse. */
export function applyOverrides(root: PlainMap, overrides: readonly Override[]): void {
  for (const { path, value } of overrides) {
    let section: unknown = root;
    for (const part of path.slice(0, -1)) {
      if (!isPlainMap(section)) break;
      section = section[String(part)] ??= Object.create(null);
    }
    if (isPlainMap(section)) section[String(path.at(-1))] = value;
  }
}

/** The variable that gave the value at this path. */
export function variableAt(overrides: readonly Override[], path: KeyPath): string | undefined {
  return overrides.find((override) => pathId(override.path) === pathId(path))?.variable;
}

/** A mistake in a variable, which has no place in the file. */
export function variableProblem(variable: string, message: string): ConfigurationProblem {
  return { key: [variable], line: undefined, column: undefined, message };
}

type Report = (variable: string, message: string) => void;

async function readVariable(env: NodeJS.ProcessEnv, name: string, report: Report) {
  const fileVariable = `${name}_FILE`;
  const value = env[name];
  const file = env[fileVariable];
  if (value !== undefined && file !== undefined) {
    report(fileVariable, `is set together with ${name}; set one of them`);
    return undefined;
  }
  const variable = value === undefined ? fileVariable : name;
  // An empty variable is a failed substitution more often than a wish; going on would use another directory or token.
  if (value === '' || file === '') {
    report(variable, 'is set, but empty');
    return undefined;
  }
  if (file === undefined) return value === undefined ? undefined : { variable, value };
  const read = await readOneLine(file);
  if ('secret' in read) return { variable, value: read.secret };
  report(variable, read.reason);
  return undefined;
}

/** Other PROXYFS_ variables are let pass: container platforms make some up from the names of services. */
function reportNearMiss(name: string, report: Report): void {
  const known = [TOKEN, ...Object.keys(OVERRIDES)].flatMap((known) => [known, `${known}_FILE`]);
  if (!name.startsWith(PREFIX) || known.includes(name)) return;
  const words = known.map((variable) => variable.slice(PREFIX.length));
  const word = name.slice(PREFIX.length);
  if (suggestion(word, words) === undefined) return;
  report(name, `is not a known variable${didYouMean(word, words).replace('mean ', `mean ${PREFIX}`)}`);
}

function isPlainMap(value: unknown): value is PlainMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
