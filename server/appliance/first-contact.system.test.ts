import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { localPath } from '../config/local-paths.ts';
import { Excludes } from '../filesystem/excludes.ts';
import { LocalTree } from '../filesystem/local-tree.ts';
import { Journal } from '../journal/journal.ts';
import { SftpSession } from '../mirror/sftp-session.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { pinOf, type SshdMirror, startSshdMirror } from '../testing/sshd-mirror.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { PathLocks } from '../transaction/path-locks.ts';
import { LEASE_TIMES } from './lease.ts';
import { mirrorSetFor } from './mirror-wiring.ts';
import { ReplicaIdentity } from './replica-identity.ts';

const ROUND_TRIP_MS = 400;

let temp: TempDirectory;
let journal: Journal;
let server: SshdMirror;
let proxy: TcpProxy;

beforeEach(async () => {
  temp = await tempDirectory('first-contact');
  server = await startSshdMirror();
  proxy = new TcpProxy({ targetPort: server.port, delayMs: ROUND_TRIP_MS / 2 });
  await proxy.start();
  journal = await Journal.open(join(temp.path, 'journal'));
});
afterEach(async () => {
  await journal.close();
  await proxy.stop();
  await server.stop();
  await temp.remove();
});

it('lets an empty mirror in within five round trips, and has filled it after some more', async () => {
  const root = join(temp.path, 'tree');
  await mkdir(join(root, 'd'), { recursive: true });
  for (let k = 0; k < 20; k += 1) await writeFile(join(root, 'd', `f${k}`), `content of ${k}`);
  const mirrors = await mirrorsOf(root);
  let sessionAtMs = 0;
  const open = SftpSession.open.bind(SftpSession);
  vi.spyOn(SftpSession, 'open').mockImplementation(async (...options) => {
    const session = await open(...options);
    sessionAtMs = performance.now();
    return session;
  });
  const turns = () => Math.floor((performance.now() - sessionAtMs) / ROUND_TRIP_MS);
  mirrors.start();
  const mirror = mirrors.get('m1');
  await waitUntil('the mirror is let in', () => mirror.mirror.linkState === 'up');
  expect(turns()).toBe(5);
  await waitUntil('the mirror is filled', () => mirror.inSync);
  // The look at the root, what tar makes and two for its proof, the name and the root’s own times.
  expect(turns()).toBeLessThanOrEqual(13);
  await mirrors.stop();
  expect(await compareTrees([root, server.root])).toEqual([]);
});

async function mirrorsOf(root: string): Promise<ReturnType<typeof mirrorSetFor>> {
  const excludes = new Excludes([]);
  const local = new LocalTree(root, join(root, '.proxyfs'));
  const identity = new ReplicaIdentity(local, journal, excludes);
  await identity.begin();
  const config = server.config({
    name: 'm1',
    port: proxy.port,
    knownHosts: undefined,
    hostKey: pinOf(server),
  });
  return mirrorSetFor([config], {
    journal,
    local,
    excludes,
    identity,
    locks: new PathLocks(),
    own: { localPath: await localPath(root), mountPoint: await localPath(join(temp.path, 'mount')) },
    leaseTimes: LEASE_TIMES,
    timeoutMs: 5000,
    logger: silentLogger,
  });
}
