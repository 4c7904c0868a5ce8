import type { ReactNode } from 'react';
import classes from './facts.module.css';

/** Names and what they stand for, in as many columns as there is room for. */
export function Facts({ children }: { readonly children: ReactNode }): ReactNode {
  return <dl className={classes['rows']}>{children}</dl>;
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }): ReactNode {
  return (
    <div className={classes['row']}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
