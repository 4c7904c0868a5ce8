import { invariant } from '../base/errors.ts';
import type {
  Configuration,
  MirrorConfiguration,
  ScrubConfiguration,
  TlsConfiguration,
} from './configuration.ts';
import type { MirrorFiles } from './mirror-files.ts';
import { defaultStatePath, type OwnPaths } from './path-checks.ts';
import type { Settings } from './schema.ts';

/** What the file only names: resolved paths, files that were read, and the token. */
export interface Surroundings {
  readonly own: OwnPaths;
  readonly files: ReadonlyMap<string, MirrorFiles>;
  readonly tls: TlsConfiguration | undefined;
  readonly token: string | undefined;
}

/** Turns valid settings into the configuration that the rest of the program knows. */
export function toConfiguration(settings: Settings, { own, files, tls, token }: Surroundings): Configuration {
  const { local_path: local, mount_point: mount, state_path: state } = own;
  invariant(local && mount, 'valid settings have both paths');
  const { http } = settings;
  return {
    localPath: local.absolute,
    mountPoint: mount.absolute,
    statePath: state?.absolute ?? defaultStatePath(local.absolute),
    exclude: settings.exclude,
    commit: settings.commit,
    tries: { times: settings.tries.times, waitMs: settings.tries.wait.map(toMs) },
    timeoutMs: toMs(settings.timeout),
    mirrors: Object.entries(settings.mirrors).map(([name, mirror]) =>
      toMirror(name, mirror, files.get(name)),
    ),
    mount: { driver: settings.mount.driver, allowOther: settings.mount.allow_other ?? isRoot() },
    http: {
      ...http.listen,
      token,
      allowedHosts: http.allowed_hosts,
      basePath: http.base_path ?? '',
      trustedProxies: http.trust_proxy,
      tls,
    },
    scrub: toScrub(settings.scrub),
    log: settings.log,
  };
}

function toScrub({ every, rate_limit, ...schedule }: Settings['scrub']): ScrubConfiguration {
  return {
    schedule: every === undefined ? undefined : { at: undefined, ...schedule, everyMs: every },
    rateLimit: rate_limit,
  };
}

function toMirror(
  name: string,
  settings: Settings['mirrors'][string],
  files: MirrorFiles | undefined,
): MirrorConfiguration {
  return {
    name,
    host: settings.host,
    port: settings.port,
    user: settings.user,
    path: settings.path,
    identityFile: files?.identityFile,
    password: files?.password,
    knownHosts: files?.knownHosts,
    hostKey: settings.host_key,
    required: settings.required,
    owner: settings.owner,
    bandwidthLimit: settings.bandwidth_limit,
    connections: settings.connections,
  };
}

function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}

/** Other users can be let in by root alone, unless the machine's fuse.conf says otherwise. */
function isRoot(): boolean {
  return process.getuid?.() === 0;
}
