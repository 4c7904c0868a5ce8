import { Title } from '@mantine/core';
import { type ReactNode, useId } from 'react';
import classes from './section.module.css';

export interface SectionProps {
  readonly title: string;
  /** Beside the title: a count, a note. */
  readonly note?: ReactNode;
  readonly children: ReactNode;
  readonly testId: string;
}

/** A part of the page with its heading. */
export function Section({ title, note, children, testId }: SectionProps): ReactNode {
  const titleId = useId();
  return (
    <section aria-labelledby={titleId} data-testid={testId} className={classes['section']}>
      <div className={classes['head']}>
        <Title order={2} size="h4" id={titleId}>
          {title}
        </Title>
        {note !== undefined && <div className={classes['note']}>{note}</div>}
      </div>
      {children}
    </section>
  );
}

/** What stands where a list has nothing to show. */
export function Empty({ children }: { readonly children: ReactNode }): ReactNode {
  return <p className={classes['empty']}>{children}</p>;
}
