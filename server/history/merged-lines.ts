import { seqOf } from './history-line.ts';

/** Lines, newest first, some at a time. */
export type Lines = AsyncGenerator<readonly string[]>;

/** Several lists of lines as one, in the order of their numbers. */
export async function* mergedLines(lists: readonly Lines[]): Lines {
  let sources = lists.map((list) => ({ list, rest: [] as readonly string[] }));
  for (;;) {
    // RACE: all at once, so that each list shows what it holds in the turn in which it was asked for.
    const rests = await Promise.all(sources.map(({ list, rest }) => filled(list, rest)));
    for (const [index, source] of sources.entries()) source.rest = rests[index] ?? [];
    sources = sources.filter(({ rest }) => rest.length > 0).sort((a, b) => headOf(b.rest) - headOf(a.rest));
    const [newest, next] = sources;
    if (!newest) return;
    // As many as come before anything of the others.
    const count = next ? newest.rest.findIndex((line) => seqOf(line) < headOf(next.rest)) : -1;
    const run = count < 0 ? newest.rest : newest.rest.slice(0, count);
    newest.rest = newest.rest.slice(run.length);
    yield run;
  }
}

/** Empty only at the end. */
async function filled(list: Lines, rest: readonly string[]): Promise<readonly string[]> {
  let lines = rest;
  while (lines.length === 0) {
    const next = await list.next();
    if (next.done) return [];
    lines = next.value;
  }
  return lines;
}

function headOf(lines: readonly string[]): number {
  return seqOf(lines[0] ?? '');
}
