import { overSshfs } from './sshfs.ts';
import { mediansOf, type BenchPlace, type Row } from './table.ts';
import { CREATE_FILES, timed } from './timed.ts';

const FILES = 1000;
/** The first ones also warm up what is compiled while it runs. */
const RUNS = 5;

/** 1,000 new files of 4 KiB one after the other, two mirrors, against sshfs to a single one. */
export async function measureSmallFiles({ appliance, mirrors, scratch }: BenchPlace): Promise<Row[]> {
  const create = (directory: string, name: string) => timed(directory, CREATE_FILES, name, String(FILES));
  const ours = (run: number) => create(appliance.mountPoint, `small-${run}`);
  const both = await overSshfs(mirrors[0], scratch, (directory) =>
    mediansOf(RUNS, { oursMs: ours, theirsMs: (run) => create(directory, `s${run}`) }),
  );
  const { oursMs, theirsMs } = both ?? { ...(await mediansOf(RUNS, { oursMs: ours })), theirsMs: undefined };
  const rate = (elapsedMs: number) => (FILES * 1000) / elapsedMs;
  return [
    {
      what: `${FILES} new files of 4 KiB into the local tree and two mirrors`,
      proxyfs: `${rate(oursMs).toFixed(0)}/s`,
      other:
        theirsMs === undefined
          ? 'sshfs is not installed'
          : `sshfs to one mirror: ${rate(theirsMs).toFixed(0)}/s`,
      times: theirsMs === undefined ? undefined : theirsMs / oursMs,
      of: 'the rate',
    },
  ];
}
