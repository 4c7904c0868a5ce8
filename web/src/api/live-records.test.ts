import { QueryClient } from '@tanstack/react-query';
import { expect, it } from 'vitest';
import type { LogPage } from '../../../shared/log.ts';
import { LiveRecords, withLines } from './live-records.ts';

function page(from: number, to: number, bootId = 'one'): LogPage {
  const items = Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    at: '2026-01-01T00:00:00.000Z',
    level: 'info' as const,
    event: `${bootId}-${from + index}`,
    fields: {},
  }));
  return { items, seq: to, bootId };
}

it('adds each line once, whether it was pushed or fetched first', () => {
  const known = withLines(page(1, 4), page(3, 6));
  expect(known.items.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(withLines(known, page(2, 5))).toEqual(known);
});

it('keeps the lines of the run before, and no more than a browser shows', () => {
  const both = withLines(page(1, 3), page(1, 2, 'two'));
  expect(both.items.map(({ event }) => event)).toEqual(['one-1', 'one-2', 'one-3', 'two-1', 'two-2']);
  expect([both.seq, both.bootId]).toEqual([2, 'two']);
  const many = withLines(page(1, 900), page(901, 1500));
  expect([many.items.length, many.items[0]?.seq, many.seq]).toEqual([1000, 501, 1500]);
});

it('wants the log from where the page has it, for as long as the page is open', () => {
  const queries = new QueryClient();
  const wanted: unknown[] = [];
  const records = new LiveRecords(queries, () => wanted.push(records.wanted()));
  queries.setQueryData(['log', 'info'], page(1, 3));
  const end = records.followLog('info');
  records.receiveLog({ ...page(4, 5), level: 'info' });
  records.receiveLog({ ...page(1, 9), level: 'debug' });
  records.flush();
  expect(queries.getQueryData<LogPage>(['log', 'info'])?.seq).toBe(5);
  expect(records.wanted()).toEqual({ log: { level: 'info', after: 5, bootId: 'one' } });
  end();
  records.followAudit()();
  expect(wanted).toEqual([{ log: { level: 'info', after: 3, bootId: 'one' } }, {}, { audit: true }, {}]);
});
