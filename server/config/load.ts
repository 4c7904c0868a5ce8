import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { CONFIGURATION_BYTES } from '../../shared/requests.ts';
import type { Configuration } from './configuration.ts';
import { applyOverrides, type EnvironmentReading, readEnvironment } from './environment.ts';
import { issueFindings } from './issue-text.ts';
import { checkMirrors } from './mirror-checks.ts';
import { type MirrorFiles, readMirrorFiles } from './mirror-files.ts';
import { checkOwnPaths, pathBase, resolveOwnPaths } from './path-checks.ts';
import { ConfigurationError } from './problem.ts';
import { ProblemList } from './problem-list.ts';
import { CONFIGURATION_VERSION, configurationSchema, type Settings } from './schema.ts';
import { readSmallFile, utf8Text } from './small-file.ts';
import { soundParts } from './sound-parts.ts';
import { checkTlsFiles } from './tls-files.ts';
import { type Surroundings, toConfiguration } from './to-configuration.ts';
import { pathId, type PlainMap, readYaml, type YamlReading } from './yaml-reading.ts';

/**
 * Loads a configuration file, with the `PROXYFS_*` variables in the place of what they override.
 * Rejects with a ConfigurationError that lists every mistake at once.
 */
export async function loadConfiguration(file: string, env: NodeJS.ProcessEnv): Promise<Configuration> {
  return parseConfiguration(await readConfigurationText(file), file, env);
}

/** The same for the text of a file that may not be written yet; `file` is where its relative paths begin. */
export async function parseConfiguration(
  text: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<Configuration> {
  return (await parseFile(text, file, env)).configuration;
}

/** The values key by key as well, with their defaults. */
export async function parseFile(
  text: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<{ settings: Settings; configuration: Configuration }> {
  const reading = readYaml(text);
  const environment = await readEnvironment(env);
  const list = new ProblemList(reading, environment.overrides, environment.problems);
  if (reading.root === undefined) throw new ConfigurationError(file, list.problems);
  refuseNewer(reading, file);
  applyOverrides(reading.root, environment.overrides);
  const settings = validate(reading.root, list);
  const home = env['HOME'] || homedir();
  const surroundings = await checkTogether(reading.root, environment, list, resolve(file), home);
  if (settings === undefined || list.problems.length > 0) throw new ConfigurationError(file, list.problems);
  const configuration = toConfiguration(settings, { ...surroundings, token: environment.token });
  return { settings, configuration };
}

/** Rejects with a ConfigurationError where it can't be read or is no text. */
export async function readConfigurationText(file: string): Promise<string> {
  const read = await readSmallFile(resolve(file), CONFIGURATION_BYTES);
  if ('reason' in read) throw fileError(file, `cannot be read: ${read.reason}`);
  const text = utf8Text(read.content);
  if (text === undefined) throw fileError(file, 'is not UTF-8 text');
  return text;
}

function fileError(file: string, message: string): ConfigurationError {
  return new ConfigurationError(file, [{ key: [], line: undefined, column: undefined, message }]);
}

/** Of a newer file every other complaint would be beside the point. */
function refuseNewer(reading: YamlReading, file: string): void {
  const version = reading.root?.['version'];
  if (typeof version !== 'number' || !(version > CONFIGURATION_VERSION)) return;
  const message = `is for a newer Proxyfs; this one knows version ${CONFIGURATION_VERSION}`;
  throw new ConfigurationError(file, [
    { key: ['version'], ...reading.positionOf(['version'], 'value'), message },
  ]);
}

/** Checks every value by itself; of several complaints about one value the first is the plainest. */
function validate(root: PlainMap, list: ProblemList): Settings | undefined {
  const result = configurationSchema.safeParse(root);
  const seen = new Set<string>();
  for (const issue of result.error?.issues ?? []) {
    for (const { path, message, part } of issueFindings(issue, root)) {
      if (seen.has(pathId(path))) continue;
      seen.add(pathId(path));
      list.add(path, message, part);
    }
  }
  return result.data;
}

/** Checks the values against each other and against this machine, as far as each of them is sound. */
async function checkTogether(
  root: PlainMap,
  environment: EnvironmentReading,
  list: ProblemList,
  file: string,
  home: string,
): Promise<Omit<Surroundings, 'token'>> {
  const parts = soundParts(root);
  const base = pathBase(file, home);
  const own = await resolveOwnPaths(parts, environment.overrides, base);
  await checkOwnPaths(own, file, list);
  checkMirrors(parts.mirrors, own, list);
  const files = new Map<string, MirrorFiles>();
  for (const mirror of parts.mirrors) files.set(mirror.name, await readMirrorFiles(mirror, own, base, list));
  return { own, files, tls: await checkTlsFiles(parts.tls, base, list) };
}
