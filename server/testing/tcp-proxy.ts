import { connect, createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '../base/reset-socket.ts';
import { type Admission, DelayedPipe, type PipeConditions } from './delayed-pipe.ts';

const LOOPBACK = '127.0.0.1';

export interface TcpProxyOptions {
  readonly targetPort: number;
  readonly targetHost?: string;
  /** One way: a round trip takes twice that. */
  readonly delayMs?: number;
  /** In each direction; 0 or absent: unlimited. */
  readonly bytesPerSecond?: number;
}

type OneWay = 'to-target' | 'from-target';
export type Direction = OneWay | 'both';

interface Link {
  readonly client: Socket;
  readonly target: Socket;
  readonly pipes: readonly DelayedPipe[];
  openSockets: number;
  /** One side is gone; the other, this way, has not heard of it yet. */
  broken?: OneWay;
}

/** A network link to a server on loopback that can be slow, silent, cut or gone: all of it at a word. */
export class TcpProxy {
  readonly #options: TcpProxyOptions;
  readonly #links = new Set<Link>();
  #server: Server | undefined;
  #port = 0;
  #conditions: Omit<PipeConditions, 'frozen'>;
  #silent: Direction | undefined;
  #refusing = false;
  #cut: { direction: Direction; leftBytes: number } | undefined;
  #carriedBytes = 0;
  #acceptedConnections = 0;

  constructor(options: TcpProxyOptions) {
    this.#options = options;
    this.#conditions = {
      delayMs: options.delayMs ?? 0,
      bytesPerSecond: options.bytesPerSecond ?? 0,
    };
  }

  get port(): number {
    return this.#port;
  }

  get openConnections(): number {
    return this.#links.size;
  }

  /** Since the start, refused ones not counted. */
  get acceptedConnections(): number {
    return this.#acceptedConnections;
  }

  /** In both directions, since the start. */
  get carriedBytes(): number {
    return this.#carriedBytes;
  }

  async start(): Promise<void> {
    const server = createServer({ allowHalfOpen: true }, (client) => this.#accept(client));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, LOOPBACK, resolve);
    });
    const address = server.address();
    if (typeof address === 'object' && address) this.#port = address.port;
    this.#server = server;
  }

  /** Resets what is open and stops listening; `start` comes back on the same port. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    const closed = server && new Promise<void>((resolve) => server.close(() => resolve()));
    this.reset();
    await closed;
  }

  /** Holds for bytes that arrive from now on. */
  setDelay(delayMs: number): void {
    this.#change({ delayMs });
  }

  setRate(bytesPerSecond: number): void {
    this.#change({ bytesPerSecond });
  }

  /** Silence in both directions or in one: connections stay open, also new ones, and nothing arrives. */
  freeze(direction: Direction = 'both'): void {
    this.#silent = direction;
  }

  /** What was held up arrives after all. */
  thaw(): void {
    this.#silent = undefined;
    this.#change({});
  }

  /** Every open connection ends with a TCP reset on both sides. */
  reset(): void {
    for (const link of this.#links) resetBoth(link);
  }

  /** New connections are reset at once; open ones go on. */
  refuse(): void {
    this.#refusing = true;
  }

  accept(): void {
    this.#refusing = false;
  }

  /** Carries this many more bytes that way, counted over all connections, then resets the one that would go beyond. Holds once. */
  cutAfter(leftBytes: number, direction: Direction = 'both'): void {
    this.#cut = { direction, leftBytes };
  }

  #change(changes: Partial<PipeConditions>): void {
    this.#conditions = { ...this.#conditions, ...changes };
    for (const link of this.#links) {
      for (const pipe of link.pipes) pipe.wake();
      if (link.broken) this.#break(link, link.broken);
    }
  }

  #isSilent(way: OneWay): boolean {
    return this.#silent === 'both' || this.#silent === way;
  }

  #accept(client: Socket): void {
    client.on('error', () => {});
    if (this.#refusing) {
      resetSocket(client);
      return;
    }
    this.#acceptedConnections += 1;
    const target = connect({
      port: this.#options.targetPort,
      host: this.#options.targetHost ?? LOOPBACK,
      allowHalfOpen: true,
    });
    const conditions = (way: OneWay) => () => ({ ...this.#conditions, frozen: this.#isSilent(way) });
    const outward = new DelayedPipe(client, target, conditions('to-target'));
    const inward = new DelayedPipe(target, client, conditions('from-target'));
    const link: Link = { client, target, pipes: [outward, inward], openSockets: 2 };
    this.#links.add(link);
    this.#watch(client, link, 'to-target');
    this.#watch(target, link, 'from-target');
    outward.start(
      (chunk) => this.#admit(chunk, 'to-target'),
      () => resetBoth(link),
    );
    inward.start(
      (chunk) => this.#admit(chunk, 'from-target'),
      () => resetBoth(link),
    );
  }

  #watch(socket: Socket, link: Link, onward: OneWay): void {
    socket.setNoDelay(true);
    socket.on('error', () => this.#break(link, onward));
    socket.on('close', () => {
      link.openSockets -= 1;
      if (link.openSockets > 0) return;
      this.#links.delete(link);
      for (const pipe of link.pipes) pipe.stop();
    });
  }

  #admit(chunk: Buffer, direction: OneWay): Admission {
    const pass = this.#cutOff(chunk, direction);
    this.#carriedBytes += pass.length;
    return { pass, cut: pass.length < chunk.length };
  }

  #cutOff(chunk: Buffer, direction: OneWay): Buffer {
    const cut = this.#cut;
    if (!cut || (cut.direction !== 'both' && cut.direction !== direction)) return chunk;
    const pass = chunk.subarray(0, cut.leftBytes);
    cut.leftBytes -= pass.length;
    if (pass.length < chunk.length) this.#cut = undefined;
    return pass;
  }

  /** A side that fails is heard of by the other, but not through a silent link. */
  #break(link: Link, onward: OneWay): void {
    link.broken = onward;
    if (!this.#isSilent(onward)) resetBoth(link);
  }
}

function resetBoth({ client, target }: Link): void {
  resetSocket(client);
  resetSocket(target);
}
