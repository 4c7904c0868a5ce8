import { expect, it } from 'vitest';
import { startOfTransaction, transactionIdOf } from './transaction-id.ts';

it('tells when the transaction began, and nothing of what is no id', () => {
  for (const atMs of [Date.parse('2000-01-01'), Date.now(), Date.parse('2099-12-31')])
    expect(startOfTransaction(transactionIdOf(atMs, 'ab12-7'))).toBe(atMs);
  for (const other of ['', 'x', 'tx-1', 'mia3k2f9', '../../etc', 'MIA3K2F9-1'])
    expect(startOfTransaction(other)).toBeUndefined();
});
