import { createServer } from 'node:net';

const HOST = '127.0.0.1';

/** `127.0.0.1:PORT` with the wanted port, or with any free one where somebody else has it. */
export async function listenAddress(wantedPort: number): Promise<string> {
  const port = (await probe(wantedPort)) ?? (await probe(0)) ?? wantedPort;
  return `${HOST}:${port}`;
}

/** The port that was free to listen on a moment ago; undefined where the wanted one is not. */
function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, HOST, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : undefined));
    });
  });
}
