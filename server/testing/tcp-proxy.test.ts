import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { resetSocket } from '../base/reset-socket.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { waitUntil } from './wait-until.ts';

let echo: Server;
let echoPort: number;
let peers: Socket[];
let sockets: Socket[];
let proxy: TcpProxy;

beforeEach(async () => {
  peers = [];
  sockets = [];
  echo = createServer({ allowHalfOpen: true }, (socket) => {
    peers.push(socket);
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
  const address = echo.address();
  echoPort = typeof address === 'object' && address ? address.port : 0;
});

afterEach(async () => {
  for (const socket of [...sockets, ...peers]) socket.destroy();
  await proxy.stop();
  await new Promise((resolve) => echo.close(resolve));
});

async function startProxy(options: { delayMs?: number; bytesPerSecond?: number } = {}): Promise<void> {
  proxy = new TcpProxy({ targetPort: echoPort, ...options });
  await proxy.start();
}

/** A connection through the proxy with what arrived on it so far. */
function open(): { socket: Socket; received: () => Buffer; state: { error?: string; ended?: boolean } } {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  sockets.push(socket);
  const chunks: Buffer[] = [];
  const state: { error?: string; ended?: boolean } = {};
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.on('error', (error: NodeJS.ErrnoException) => (state.error = error.code));
  socket.on('end', () => (state.ended = true));
  return { socket, received: () => Buffer.concat(chunks), state };
}

describe('a TCP proxy', () => {
  it('carries megabytes unchanged and passes the end on', async () => {
    await startProxy();
    const { socket, received, state } = open();
    const content = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    socket.end(content);
    await waitUntil('the end comes back', () => state.ended);
    expect(received().equals(content)).toBe(true);
    expect(proxy.carriedBytes).toBe(2 * content.length);
    await waitUntil('the link is forgotten', () => proxy.openConnections === 0);
  });

  it('delays each direction', async () => {
    await startProxy({ delayMs: 60 });
    const { socket, received } = open();
    await once(socket, 'connect');
    const startMs = performance.now();
    socket.write('x');
    await waitUntil('the echo', () => received().length === 1);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(119);
  });

  it('keeps to the rate', async () => {
    await startProxy({ bytesPerSecond: 500_000 });
    const { socket, received } = open();
    const startMs = performance.now();
    socket.write(Buffer.alloc(100_000));
    await waitUntil('the echo', () => received().length === 100_000);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(199);
  });

  it('is silent while frozen, and delivers after the thaw', async () => {
    await startProxy();
    const { socket, received } = open();
    socket.write('a');
    await waitUntil('the echo', () => received().length === 1);
    proxy.freeze();
    socket.write('b');
    const late = open();
    late.socket.write('c');
    await waitUntil('the frozen proxy takes connections', () => proxy.openConnections === 2);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(received().toString()).toBe('a');
    proxy.thaw();
    await waitUntil('the echo of b and c', () => received().length === 2 && late.received().length === 1);
  });

  it.each([
    { silent: 'to-target', arrives: false },
    { silent: 'from-target', arrives: true },
  ] as const)('is silent in one direction only: $silent', async ({ silent, arrives }) => {
    await startProxy();
    const { socket, received } = open();
    socket.write('a');
    await waitUntil('the echo', () => received().length === 1);
    proxy.freeze(silent);
    const carriedBytes = proxy.carriedBytes;
    socket.write('b');
    // A byte is counted on its way in; the echo of one that has arrived is a second.
    const counted = arrives ? 2 : 1;
    await waitUntil('the byte is on its way', () => proxy.carriedBytes === carriedBytes + counted);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(received().toString()).toBe('a');
    expect(peers[0]?.bytesRead).toBe(counted);
    proxy.thaw();
    await waitUntil('the echo of b', () => received().length === 2);
  });

  it('keeps a loss from the other side while frozen', async () => {
    await startProxy();
    const { socket, received } = open();
    socket.write('a');
    await waitUntil('the echo', () => received().length === 1);
    proxy.freeze();
    resetSocket(socket);
    const [peer] = peers;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(peer?.closed).toBe(false);
    proxy.thaw();
    await waitUntil('the server hears of it', () => peer?.closed);
  });

  it('resets what is open, refuses, and accepts again', async () => {
    await startProxy();
    const first = open();
    first.socket.write('a');
    await waitUntil('the echo', () => first.received().length === 1);
    proxy.reset();
    await waitUntil('the reset', () => first.state.error === 'ECONNRESET');
    proxy.refuse();
    const second = open();
    await waitUntil('the refusal', () => second.state.error === 'ECONNRESET');
    proxy.accept();
    const third = open();
    third.socket.write('a');
    await waitUntil('the echo', () => third.received().length === 1);
    expect(proxy.acceptedConnections).toBe(2);
  });

  it('cuts after exactly so many bytes of one direction, once', async () => {
    await startProxy({ delayMs: 5 });
    proxy.cutAfter(70_000, 'from-target');
    const first = open();
    first.socket.write(Buffer.alloc(200_000));
    await waitUntil('the cut', () => first.socket.closed);
    expect(first.received().length).toBe(70_000);
    const second = open();
    second.socket.write(Buffer.alloc(200_000));
    await waitUntil('the whole echo', () => second.received().length === 200_000);
  });

  it('comes back on the same port', async () => {
    await startProxy();
    const { port } = proxy;
    await proxy.stop();
    const refused = open();
    await waitUntil('the port is closed', () => refused.state.error === 'ECONNREFUSED');
    await proxy.start();
    expect(proxy.port).toBe(port);
  });
});
