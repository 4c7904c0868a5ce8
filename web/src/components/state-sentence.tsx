import { Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Overview } from '../../../shared/api.ts';
import { oldestAnswerMs, summarise } from '../api/summary.ts';
import { Chip } from './chip.tsx';
import { MODE_LOOKS } from './looks.ts';
import { ModeControl } from './mode-control.tsx';
import { RelativeTime } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';
import classes from './state-sentence.module.css';

/** May I write? Is every mirror identical? What needs me? */
export function StateSentence({ overview }: { readonly overview: Overview }): ReactNode {
  const { writing, mirrors, attention } = summarise(overview);
  const look = MODE_LOOKS[overview.mode];
  return (
    <div className={classes['box']} data-tone={look.tone} data-testid="state">
      <Chip look={look} />
      <div role="status">
        <Title order={1} size="h3" className={classes['sentence']}>
          {writing} {mirrors} {attention}
        </Title>
      </div>
      {overview.reason !== '' && (
        <p className={classes['reason']} data-testid="state-reason">
          <SafeText what="reason" limitChars={400}>
            {overview.reason}
          </SafeText>
        </p>
      )}
      {overview.mirrors.length > 0 && <CheckedWhen overview={overview} />}
      <ModeControl overview={overview} />
    </div>
  );
}

/** What "in sync" rests on, since no one has compared every byte just now. */
function CheckedWhen({ overview }: { readonly overview: Overview }): ReactNode {
  const oldest = oldestAnswerMs(overview.mirrors);
  return (
    <p className={classes['checked']}>
      “In sync” means: the journal knows of no path that may differ there.{' '}
      {oldest === undefined ? (
        'Not every mirror has been heard yet.'
      ) : (
        <>
          The mirror heard longest ago answered <RelativeTime at={new Date(oldest).toISOString()} />.
        </>
      )}
    </p>
  );
}
