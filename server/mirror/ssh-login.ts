import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import SSHConfig from 'ssh-config';
import { AppError } from '../base/errors.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import type { HostKeyRules } from './host-keys.ts';
import { parseKnownHosts } from './known-hosts.ts';

/** Everything needed to log in at a mirror's server. */
export interface SshLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly hostKeys: HostKeyRules;
  /** Tried in this order. */
  readonly credentials: readonly Credential[];
}

export type Credential =
  | { readonly kind: 'agent'; readonly socketPath: string }
  | { readonly kind: 'key'; readonly path: string; readonly content: Buffer }
  | { readonly kind: 'password'; readonly password: string };

/** What a login depends on besides the configuration. */
export interface LoginEnvironment {
  readonly homeDirectory: string;
  readonly userName: string;
  readonly agentSocket: string | undefined;
  readonly systemKnownHosts: readonly string[];
}

const DEFAULT_PORT = 22;
const DEFAULT_KEYS = ['id_ed25519', 'id_ecdsa', 'id_rsa'];
const SYSTEM_KNOWN_HOSTS = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

/** Reads what `ssh` would read for this host: ~/.ssh/config, keys, known hosts. */
export async function resolveLogin(
  config: MirrorConfiguration,
  environment: LoginEnvironment = processEnvironment(),
): Promise<SshLogin> {
  const settings = await hostSettings(config, environment);
  const host = settings.one('hostname')?.replaceAll('%h', config.host) ?? config.host;
  const port = config.port ?? validPort(settings.one('port'));
  const user = config.user ?? settings.one('user') ?? environment.userName;
  const expand = (path: string) => expandPath(path, { host, port, user, environment });
  return {
    host,
    port,
    user,
    hostKeys: await hostKeyRules({ config, host, port, settings, environment, expand }),
    credentials: await credentialsOf({ config, settings, environment, expand }),
  };
}

interface HostSettings {
  one(name: string): string | undefined;
  all(name: string): readonly string[];
}

type Expand = (path: string) => string;

async function hostSettings(
  config: MirrorConfiguration,
  environment: LoginEnvironment,
): Promise<HostSettings> {
  const file = join(environment.homeDirectory, '.ssh', 'config');
  const text = (await readOrNothing(file))?.toString('utf8') ?? '';
  const query = config.user === undefined ? { Host: config.host } : { Host: config.host, User: config.user };
  const computed = computeSettings(file, text, query);
  const all = (name: string) => [computed[name] ?? []].flat();
  return { all, one: (name) => all(name)[0] };
}

function computeSettings(
  file: string,
  text: string,
  query: { Host: string; User?: string },
): Record<string, string | string[]> {
  try {
    // `Match exec` would run a shell; a mirror's login never does.
    return SSHConfig.parse(text).compute(query, { ignoreCase: true, matchExec: false });
  } catch (cause) {
    throw new AppError('LOGIN_REFUSED', `${file} cannot be understood`, { cause });
  }
}

async function hostKeyRules(input: {
  config: MirrorConfiguration;
  host: string;
  port: number;
  settings: HostSettings;
  environment: LoginEnvironment;
  expand: Expand;
}): Promise<HostKeyRules> {
  const { config, host, port, settings, environment, expand } = input;
  const files = config.knownHosts
    ? [config.knownHosts]
    : [...userKnownHosts(settings, environment, expand), ...environment.systemKnownHosts];
  const texts = await Promise.all(files.map(readOrNothing));
  return {
    host,
    port,
    alias: settings.one('hostkeyalias'),
    pin: config.hostKey,
    knownHosts: texts.flatMap((text) => parseKnownHosts(text?.toString('utf8') ?? '')),
    knownHostsFile: files[0] ?? '~/.ssh/known_hosts',
  };
}

function userKnownHosts(
  settings: HostSettings,
  { homeDirectory }: LoginEnvironment,
  expand: Expand,
): string[] {
  const named = settings
    .all('userknownhostsfile')
    .flatMap((value) => value.split(/\s+/))
    .filter(Boolean);
  if (named.length > 0) return named.map(expand);
  return ['known_hosts', 'known_hosts2'].map((name) => join(homeDirectory, '.ssh', name));
}

async function credentialsOf(input: {
  config: MirrorConfiguration;
  settings: HostSettings;
  environment: LoginEnvironment;
  expand: Expand;
}): Promise<Credential[]> {
  const { config, settings, environment, expand } = input;
  const agent: Credential[] = environment.agentSocket
    ? [{ kind: 'agent', socketPath: environment.agentSocket }]
    : [];
  const password: Credential[] =
    config.password === undefined ? [] : [{ kind: 'password', password: config.password }];
  // A key named for this mirror goes first, so that an agent full of others doesn't use up the server's patience.
  if (config.identityFile) return [await namedKey(config.identityFile), ...agent, ...password];
  const named = settings.all('identityfile').map(expand);
  const paths =
    named.length > 0 ? named : DEFAULT_KEYS.map((name) => join(environment.homeDirectory, '.ssh', name));
  const keys = await Promise.all(paths.map(keyIfThere));
  return [...agent, ...keys.flat(), ...password];
}

async function namedKey(path: string): Promise<Credential> {
  try {
    return { kind: 'key', path, content: await readFile(path) };
  } catch (cause) {
    throw new AppError('LOGIN_REFUSED', `the key ${path} (identity_file) cannot be read`, { cause });
  }
}

async function keyIfThere(path: string): Promise<Credential[]> {
  const content = await readOrNothing(path);
  return content ? [{ kind: 'key', path, content }] : [];
}

/** What can't be read says nothing: no key is offered from it, and no host is trusted by it. */
async function readOrNothing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch {
    return undefined;
  }
}

function validPort(text: string | undefined): number {
  const port = Number(text ?? DEFAULT_PORT);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : DEFAULT_PORT;
}

/** `~` and the tokens of ssh_config(5) that make sense here. */
function expandPath(
  path: string,
  context: { host: string; port: number; user: string; environment: LoginEnvironment },
): string {
  const { homeDirectory, userName } = context.environment;
  const tokens: Record<string, string> = {
    '%%': '%',
    '%d': homeDirectory,
    '%h': context.host,
    '%p': String(context.port),
    '%r': context.user,
    '%u': userName,
  };
  const expanded = path
    .replace(/^~(?=\/|$)/, () => homeDirectory)
    .replace(/%./g, (token) => tokens[token] ?? token);
  return isAbsolute(expanded) ? expanded : join(homeDirectory, '.ssh', expanded);
}

function processEnvironment(): LoginEnvironment {
  return {
    homeDirectory: homedir(),
    userName: userInfo().username,
    agentSocket: process.env['SSH_AUTH_SOCK'] || undefined,
    systemKnownHosts: SYSTEM_KNOWN_HOSTS,
  };
}
