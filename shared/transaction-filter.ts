import type { TransactionView } from './api.ts';
import type { TransactionsQuery } from './requests.ts';

/** What narrows a list of transactions; `mirror` is one that takes part, `pathPrefix` the beginning of either name. */
export type TransactionFilter = Pick<
  TransactionsQuery,
  'outcome' | 'op' | 'mirror' | 'pathPrefix' | 'uid' | 'since'
>;

export function matchesFilter(view: TransactionView, filter: TransactionFilter): boolean {
  const { outcome, op, mirror, pathPrefix, uid, since } = filter;
  return (
    (outcome === undefined || view.outcome === outcome) &&
    (op === undefined || view.operation === op) &&
    (uid === undefined || view.uid === uid) &&
    (mirror === undefined || view.participants.some((part) => part.mirror === mirror)) &&
    (pathPrefix === undefined ||
      view.path.startsWith(pathPrefix) ||
      (view.to?.startsWith(pathPrefix) ?? false)) &&
    (since === undefined || Date.parse(view.startedAt) >= Date.parse(since))
  );
}
