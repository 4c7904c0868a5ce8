/** The configuration after loading: every default filled in, paths absolute, secrets read. Times in milliseconds. */
export interface Configuration {
  readonly localPath: string;
  readonly mountPoint: string;
  /** Journal and state; by default `.proxyfs` in the local path. */
  readonly statePath: string;
  /** Patterns in gitignore syntax of what is local only. */
  readonly exclude: readonly string[];
  readonly commit: 'write';
  readonly tries: TriesConfiguration;
  /** For one attempt at one request. */
  readonly timeoutMs: number;
  readonly mirrors: readonly MirrorConfiguration[];
  readonly mount: { readonly driver: 'auto' | 'kernel' | 'fuse-native'; readonly allowOther: boolean };
  readonly http: HttpConfiguration;
  readonly scrub: ScrubConfiguration;
  readonly log: { readonly level: 'debug' | 'info' | 'warn' | 'error' };
}

export interface TriesConfiguration {
  /** Attempts in total. */
  readonly times: number;
  /** Before attempt i+2; the last one repeats. */
  readonly waitMs: readonly number[];
}

export interface HttpConfiguration {
  readonly host: string;
  readonly port: number;
  /** From PROXYFS_TOKEN; undefined: one is made at start. */
  readonly token: string | undefined;
  /**
   * Names the Host header may carry besides the listen address and the loopback names, in lower case;
   * one with a port holds for that port only.
   */
  readonly allowedHosts: readonly string[];
  /** `/proxyfs`, or nothing; without a slash at its end. */
  readonly basePath: string;
  /** Addresses and networks of proxies that say whom they speak for. */
  readonly trustedProxies: readonly string[];
  /** undefined: plain HTTP. */
  readonly tls: TlsConfiguration | undefined;
}

/** Absolute paths of PEM files that belong together. */
export interface TlsConfiguration {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface ScrubConfiguration {
  /** undefined: only when somebody asks for one. */
  readonly schedule: ScrubSchedule | undefined;
  /** Bytes per second read from each mirror for comparing content; undefined: unlimited. */
  readonly rateLimit: number | undefined;
}

export interface ScrubSchedule {
  readonly everyMs: number;
  /** By this machine's clock; undefined: at any time. */
  readonly at: { readonly hour: number; readonly minute: number } | undefined;
  readonly compare: 'quick' | 'content';
  /** false: only says what differs. */
  readonly repair: boolean;
}

export interface MirrorConfiguration {
  readonly name: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  /** Absolute, or relative to the login's home directory. */
  readonly path: string;
  readonly identityFile: string | undefined;
  /** The password itself, read from `password_file`. */
  readonly password: string | undefined;
  readonly knownHosts: string | undefined;
  /** `SHA256:...` of the only host key to accept. */
  readonly hostKey: string | undefined;
  readonly required: boolean;
  readonly owner: 'auto' | 'preserve' | 'names' | 'ignore';
  /** Bytes per second for catching up; undefined: unlimited. */
  readonly bandwidthLimit: number | undefined;
  readonly connections: number;
}
