import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ApplyOptions } from '../filesystem/file-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import { treePath as at } from '../filesystem/tree-path.ts';
import { type SshdMirror, startSshdMirror } from '../testing/sshd-mirror.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';
import type { SftpTree } from './sftp-tree.ts';
import { openTree } from './testing.ts';

const ROUND_TRIP_MS = 300;

let server: SshdMirror;
let proxy: TcpProxy;
let tree: SftpTree;
let closeTree: () => void;

beforeAll(async () => {
  server = await startSshdMirror();
  proxy = new TcpProxy({ targetPort: server.port });
  await proxy.start();
  const knownHosts = join(server.root, '../known_hosts_of_proxy');
  const known = readFileSync(server.knownHosts, 'utf8').replace(`:${server.port}`, `:${proxy.port}`);
  writeFileSync(knownHosts, known);
  const opened = await openTree(server.config({ port: proxy.port, knownHosts }));
  ({ tree, close: closeTree } = opened);
  await opened.replica.keepsOwners();
  proxy.setDelay(ROUND_TRIP_MS / 2);
});
afterAll(async () => {
  closeTree();
  await proxy.stop();
  await server.stop();
});

async function roundTrips(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return Math.floor((performance.now() - startMs) / ROUND_TRIP_MS);
}

const owner = { uid: 1, gid: 1 };
const STEPS: [string, Operation, ApplyOptions?][] = [
  ['create with mode and owner', { kind: 'create', path: at('/a'), mode: 0o4755, owner }],
  ['write of 1 MiB to it', { kind: 'write', path: at('/a'), offset: 0, data: Buffer.alloc(1 << 20) }],
  ['truncate', { kind: 'truncate', path: at('/a'), sizeBytes: 10 }],
  ['times', { kind: 'times', path: at('/a'), atimeNs: 0n, mtimeNs: 0n }],
  ['chmod', { kind: 'chmod', path: at('/a'), mode: 0o600 }],
  ['chown', { kind: 'chown', path: at('/a'), ...owner }],
  ['mkdir with mode and owner', { kind: 'mkdir', path: at('/d'), mode: 0o2777, owner }],
  ['symlink with owner', { kind: 'symlink', path: at('/s'), target: 'a', owner }],
  ['link', { kind: 'link', path: at('/a'), to: at('/b') }],
  ['unlink with a pre-image', { kind: 'unlink', path: at('/b') }, { preImage: 'one' }],
  [
    'rename over a file with a pre-image',
    { kind: 'rename', path: at('/s'), to: at('/a') },
    { preImage: 'two' },
  ],
  ['rmdir', { kind: 'rmdir', path: at('/d') }],
];

test.each(STEPS)('%s takes one round trip', async (_name, operation, options) => {
  expect(await roundTrips(() => tree.apply(operation, options))).toBe(1);
});

test('a large file is put in place in a few round trips, not one a piece', async () => {
  const sizeBytes = 4 << 20;
  const stat = { type: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes, mtimeNs: 0n, atimeNs: 0n } as const;
  async function* content(): AsyncGenerator<Buffer> {
    for (let sent = 0; sent < sizeBytes; sent += 1 << 16) yield await Promise.resolve(Buffer.alloc(1 << 16));
  }
  const count = await roundTrips(() => tree.replaceFile(at('/large'), { stat, content: content() }));
  // Open, content, attributes, rename, and what the server’s window of 2 MiB adds; pieces alone are 32.
  expect(count).toBeLessThanOrEqual(12);
});

test('a new lease takes two round trips, and the identity beside it one more', async () => {
  const lease = () => tree.createReserved('lease.json', Buffer.alloc(1024));
  expect(await roundTrips(lease)).toBe(2);
  rmSync(join(server.root, '.proxyfs/lease.json'));
  const both = () => tree.writeReserved('replica.json', Buffer.from('{}'), lease());
  expect(await roundTrips(both)).toBe(3);
});
