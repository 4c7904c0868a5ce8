import type { ReactNode } from 'react';
import type { Reason } from '../../../shared/api.ts';
import { ERROR_CATALOGUE } from '../../../shared/error-codes.ts';
import classes from './error-line.module.css';
import { SafeText } from './safe-text.tsx';

export interface ErrorLineProps {
  /** The mirror that said so, or the errno that the caller got. */
  readonly who: string;
  readonly error: Reason;
}

/** One failure: who, the catalogue's words, and the exact ones. */
export function ErrorLine({ who, error }: ErrorLineProps): ReactNode {
  const { title } = ERROR_CATALOGUE[error.code];
  return (
    <div className={classes['error']} data-testid="error-line">
      <span className={classes['who']}>
        <SafeText what="name" limitChars={40}>
          {who}
        </SafeText>
      </span>{' '}
      {title}
      {error.message !== title && (
        <>
          :{' '}
          <span className={classes['exact']}>
            <SafeText what="error" limitChars={260}>
              {error.message}
            </SafeText>
          </span>
        </>
      )}
    </div>
  );
}
