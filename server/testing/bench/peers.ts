import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from '../wait-until.ts';
import { glusterfs } from './peer-glusterfs.ts';
import { lsyncd } from './peer-lsyncd.ts';
import { rclone } from './peer-rclone.ts';
import { filesBelow, type Peer } from './peer.ts';
import { mediansOf, type BenchPlace, type Row } from './table.ts';
import { CREATE_FILES, timed } from './timed.ts';

const FILES = 200;
const RUNS = 3;
const LIMIT_MS = 120_000;

const PEERS: readonly Peer[] = [glusterfs, rclone, lsyncd];

/** 200 new files of 4 KiB until every copy has them, against other ways to have several copies. */
export async function measurePeers(place: BenchPlace): Promise<Row[]> {
  const rows: Row[] = [];
  for (const peer of PEERS) rows.push(await heldAgainst(peer, place));
  return rows;
}

async function heldAgainst(peer: Peer, place: BenchPlace): Promise<Row> {
  const scratch = join(place.scratch, peer.name);
  await mkdir(scratch, { recursive: true });
  const create = (directory: string, name: string) => timed(directory, CREATE_FILES, name, String(FILES));
  // What is written through Proxyfs is on the mirrors when the last call returns.
  const ours = (run: number) => create(place.appliance.mountPoint, `${peer.name}-${run}`);
  const what = `${FILES} new files of 4 KiB until all copies have them`;
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const of = 'the rate';
  const open = await peer.open(scratch, place).catch((error: unknown) => {
    process.stderr.write(`SKIPPED the comparison with ${peer.title}: ${String(error)}\n`);
    return undefined;
  });
  if (!open) {
    const { oursMs } = await mediansOf(RUNS, { oursMs: ours });
    return { what, proxyfs: seconds(oursMs), other: `${peer.title} is not installed`, of };
  }
  try {
    const { oursMs, theirsMs } = await mediansOf(RUNS, {
      oursMs: ours,
      theirsMs: async (run) => {
        const startMs = performance.now();
        await create(open.directory, `run-${run}`);
        const isComplete = async () => (await filesBelow(join(open.copy, `run-${run}`))) === FILES;
        await waitUntil(`${peer.title} has copied all`, isComplete, LIMIT_MS);
        return performance.now() - startMs;
      },
    });
    return {
      what,
      proxyfs: seconds(oursMs),
      other: `${peer.title}: ${seconds(theirsMs)}`,
      times: theirsMs / oursMs,
      of,
    };
  } finally {
    await open.close();
  }
}
