import { BlockList, isIP } from 'node:net';

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4');
LOOPBACK.addAddress('::1', 'ipv6');

const HOST = /^(\[[0-9a-f:.]+\]|[^:[\]/\\@\s]+)(?::(\d{1,5}))?$/i;

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  const name = withoutBrackets(host.toLowerCase());
  if (name === 'localhost') return true;
  const version = isIP(name);
  return version !== 0 && LOOPBACK.check(name, version === 6 ? 'ipv6' : 'ipv4');
}

/** Whether the address stands for all of the machine's addresses. */
export function isWildcard(host: string): boolean {
  return ['0.0.0.0', '::'].includes(withoutBrackets(host));
}

/**
 * Refuses requests under a name that isn't ours, which is how DNS rebinding arrives: a page of some site whose
 * name suddenly means this machine. The port is left open for tunnels (`ssh -L`) and mapped ports, since a
 * rebinding page can't have `localhost` or an address for its name.
 */
export class HostGuard {
  readonly #listenHost: string;
  readonly #allowed: ReadonlySet<string>;

  constructor(listenHost: string, allowedHosts: readonly string[]) {
    this.#listenHost = withoutBrackets(listenHost.toLowerCase());
    this.#allowed = new Set(allowedHosts.map((host) => host.toLowerCase()));
  }

  /** `header` is what the request names as its Host. An allowed host with a port holds for that port only. */
  allows(header: string | undefined): boolean {
    const match = HOST.exec(header ?? '');
    const [, written, port] = match ?? [];
    if (written === undefined) return false;
    const name = withoutBrackets(written.toLowerCase()).replace(/\.$/, '');
    if (name === this.#listenHost || isLoopback(name)) return true;
    if (isWildcard(this.#listenHost) && isIP(name) !== 0) return true;
    return this.#allowed.has(name) || (port !== undefined && this.#allowed.has(`${name}:${port}`));
  }
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
