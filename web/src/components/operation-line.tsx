import type { ReactNode } from 'react';
import type { TransactionView } from '../../../shared/api.ts';
import { formatBytes } from '../format/quantities.ts';
import { OPERATION_LABELS } from './looks.ts';
import classes from './operation-line.module.css';
import { SafeText } from './safe-text.tsx';

/** What a transaction does to what: operation, path, new path, size. */
export function OperationLine({ transaction }: { readonly transaction: TransactionView }): ReactNode {
  const { operation, path, to, sizeBytes } = transaction;
  return (
    <div className={classes['line']}>
      <span className={classes['operation']}>{OPERATION_LABELS[operation]}</span>{' '}
      <span className={classes['path']}>
        <SafeText what="path">{path}</SafeText>
      </span>
      {to !== undefined && (
        <>
          {' '}
          <span aria-hidden>→</span>
          <span className={classes['hidden']}>to</span>{' '}
          <span className={classes['path']}>
            <SafeText what="new path">{to}</SafeText>
          </span>
        </>
      )}
      {sizeBytes !== undefined && <span className={classes['size']}>{formatBytes(sizeBytes)}</span>}
    </div>
  );
}
