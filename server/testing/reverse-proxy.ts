import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';

/** A proxy that serves what is at `target` below a path of its own; it takes that path off, or passes it on. */
export class ReverseProxy {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  static async start(
    target: string,
    { path, takesOff }: { path: string; takesOff: boolean },
  ): Promise<ReverseProxy> {
    const upstream = (from: IncomingMessage) => {
      const { url = '/', method, headers } = from;
      const there = takesOff ? url.slice(path.length) || '/' : url;
      return request(new URL(there, target), { method, headers, agent: false });
    };
    const server = createServer((from, to) => {
      if (!from.url?.startsWith(path)) return void to.writeHead(404).end();
      const sent = upstream(from);
      sent.once('response', (answer) => {
        to.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(to);
      });
      sent.once('error', () => to.destroy());
      from.pipe(sent);
    });
    server.on('upgrade', (from, socket, head) => {
      const sent = upstream(from);
      sent.once('upgrade', (answer, far, farHead) => {
        const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${String(value)}`);
        socket.write(['HTTP/1.1 101 Switching Protocols', ...lines, '', ''].join('\r\n'));
        socket.write(farHead);
        far.write(head);
        far.pipe(socket).pipe(far);
        for (const [one, other] of [
          [far, socket],
          [socket, far],
        ] as const)
          one.on('error', () => other.destroy());
      });
      sent.once('response', () => socket.destroy());
      sent.once('error', () => socket.destroy());
      sent.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ReverseProxy(server, path);
  }

  /** With a slash at its end. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}${this.#path}/`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
