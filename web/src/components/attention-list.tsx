import { isCountedOn } from '../api/counted-on.ts';
import { Group } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { AttentionItem, Overview } from '../../../shared/api.ts';
import { ERROR_CATALOGUE, type ErrorRow } from '../../../shared/error-codes.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import classes from './attention-list.module.css';
import { Chip } from './chip.tsx';
import { SEVERITY_LOOKS } from './looks.ts';
import { MirrorActions } from './mirror-actions.tsx';
import { HowLong } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';
import { Section } from './section.tsx';
import { TransactionActions } from './transaction-actions.tsx';

const SHOWN = 20;

const WHO_ACTS: Record<ErrorRow['actor'], string> = {
  nobody: 'mends itself',
  caller: 'the calling program has to act',
  operator: 'needs you',
  developer: 'is a bug: please report it',
};

/** What waits for a person, the worst first, each with the buttons that help. Nothing where nothing does. */
export function AttentionList({ overview }: { readonly overview: Overview }): ReactNode {
  const items = [...overview.attention].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  if (items.length === 0) return null;
  const hidden = items.length - SHOWN;
  return (
    <Section
      title="Needs attention"
      testId="attention"
      note={hidden > 0 ? `${hidden} more are not listed` : undefined}
    >
      <ul className={classes['list']}>
        {items.slice(0, SHOWN).map((item) => (
          <AttentionRow key={item.id} item={item} overview={overview} />
        ))}
      </ul>
    </Section>
  );
}

const RANK: Record<AttentionItem['severity'], number> = { critical: 0, warning: 1 };

function AttentionRow({ item, overview }: { item: AttentionItem; overview: Overview }): ReactNode {
  const look = SEVERITY_LOOKS[item.severity];
  const row = ERROR_CATALOGUE[item.code];
  return (
    <li className={classes['row']} data-tone={look.tone} data-testid="attention-item">
      <div className={classes['words']}>
        <div className={classes['title']}>
          <Chip look={look} />
          <strong>{row.title}</strong>
          <span className={classes['quiet']}>{WHO_ACTS[row.actor]}</span>
        </div>
        <div className={classes['message']}>
          <SafeText what="message" limitChars={400}>
            {item.message}
          </SafeText>
        </div>
        <div className={classes['quiet']}>
          for <HowLong since={item.openedAt} />
        </div>
      </div>
      <AttentionActions item={item} overview={overview} />
    </li>
  );
}

function AttentionActions({ item, overview }: { item: AttentionItem; overview: Overview }): ReactNode {
  const mirror = overview.mirrors.find((each) => each.id === item.mirror);
  const transaction = overview.inFlight.items.find((each) => each.id === item.transaction);
  if (transaction) return <TransactionActions transaction={transaction} />;
  if (item.job !== undefined)
    return (
      <Link to="/jobs/$id" params={{ id: item.job }}>
        Show the job
      </Link>
    );
  if (!mirror) return null;
  const counted = overview.mirrors.filter((each) => isCountedOn(each) && each !== mirror);
  return (
    <Group gap="sm" align="center">
      <MirrorActions mirror={mirror} otherRequired={counted.length} />
      <Link to="/mirrors/$id" params={{ id: mirror.id }}>
        Show {capMiddle(escapeText(mirror.id), 40).text}
      </Link>
    </Group>
  );
}
