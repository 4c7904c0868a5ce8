import { OpenPages } from './open-pages.ts';
import { mediansOf, type BenchPlace, type Row } from './table.ts';
import { CREATE_FILES, timed } from './timed.ts';

const FILES = 1000;
const RUNS = 7;
const PAGES = 10;

/** What the dashboard costs those who write: the same files with ten pages open, and with none. */
export async function measureWatched({ appliance }: BenchPlace): Promise<Row[]> {
  const create = (name: string) => timed(appliance.mountPoint, CREATE_FILES, name, String(FILES));
  let heardEvents = 0;
  const { watchedMs, aloneMs } = await mediansOf(RUNS, {
    watchedMs: async (run) => {
      const pages = await OpenPages.open(appliance, PAGES);
      const elapsedMs = await create(`watched-${run}`);
      heardEvents += pages.heardEvents;
      pages.close();
      return elapsedMs;
    },
    aloneMs: (run) => create(`alone-${run}`),
  });
  if (heardEvents === 0) throw new Error('the pages have heard nothing');
  const rate = (elapsedMs: number) => `${((FILES * 1000) / elapsedMs).toFixed(0)}/s`;
  return [
    {
      what: `${FILES} new files of 4 KiB, two mirrors, ${PAGES} pages open`,
      proxyfs: rate(watchedMs),
      other: `no page open: ${rate(aloneMs)}`,
      times: aloneMs / watchedMs,
      of: 'the rate',
    },
  ];
}
