import type { ReactNode } from 'react';
import type { JobItems, JobView } from '../../../shared/jobs.ts';
import { ERROR_CATALOGUE } from '../../../shared/error-codes.ts';
import { useJobItems } from '../api/jobs.ts';
import { formatCount } from '../format/quantities.ts';
import { Chip } from './chip.tsx';
import classes from './divergence-list.module.css';
import { FailureNotice } from './failure-notice.tsx';
import { DIVERGENCE_LABELS, SEVERITY_LOOKS } from './looks.ts';
import { SafeText } from './safe-text.tsx';
import { Empty, Section } from './section.tsx';

/** More would make the page slow; the command line lists all that is kept. */
const SHOWN = 500;

/** What a job has found, path by path. */
export function DivergenceList({ job }: { readonly job: JobView }): ReactNode {
  const { data: items, error } = useJobItems(job);
  return (
    <Section title="Differences" testId="differences" note={items && foundText(items)}>
      <FailureNotice what="list what was found" failure={error} />
      {items && <FoundPaths items={items} />}
    </Section>
  );
}

function foundText({ divergences, divergencesLeftOut, problems, problemsLeftOut }: JobItems): string {
  const found = divergences.length + divergencesLeftOut;
  const missed = problems.length + problemsLeftOut;
  const unread = missed === 0 ? '' : `, ${formatCount(missed, 'path')} could not be compared`;
  return `${formatCount(found, 'path')} ${found === 1 ? 'differs' : 'differ'}${unread}`;
}

function FoundPaths({ items }: { readonly items: JobItems }): ReactNode {
  const { divergences, problems } = items;
  const listed = divergences.length + problems.length;
  const total = listed + items.divergencesLeftOut + items.problemsLeftOut;
  if (total === 0) return <Empty>Nothing that differs was found.</Empty>;
  const rows = [
    ...problems.map((problem) => <ProblemRow key={`p${problem.mirror}/${problem.path}`} {...problem} />),
    ...divergences.map((each) => <DivergenceRow key={`d${each.mirror}/${each.path}`} {...each} />),
  ];
  return (
    <>
      <ul className={classes['list']}>{rows.slice(0, SHOWN)}</ul>
      {total > SHOWN && (
        <p className={classes['more']}>{formatCount(total - SHOWN, 'path')} more are not listed here.</p>
      )}
    </>
  );
}

function DivergenceRow(found: JobItems['divergences'][number]): ReactNode {
  return (
    <li className={classes['row']} data-testid="difference">
      <PathOn mirror={found.mirror} path={found.path} />
      <span className={classes['what']}>{found.kinds.map((kind) => DIVERGENCE_LABELS[kind]).join(', ')}</span>
      {found.localSuspected && (
        <Chip look={SEVERITY_LOOKS.warning}>all mirrors agree: the local file may be damaged</Chip>
      )}
    </li>
  );
}

function ProblemRow({ mirror, path, code, message }: JobItems['problems'][number]): ReactNode {
  return (
    <li className={classes['row']} data-testid="difference">
      <PathOn mirror={mirror} path={path} />
      <span className={classes['what']}>
        not compared: {ERROR_CATALOGUE[code].title} (
        <SafeText what="error" limitChars={200}>
          {message}
        </SafeText>
        )
      </span>
    </li>
  );
}

function PathOn({ mirror, path }: { readonly mirror: string; readonly path: string }): ReactNode {
  return (
    <>
      <span className={classes['mirror']}>
        <SafeText what="mirror's name" limitChars={40}>
          {mirror}
        </SafeText>
      </span>
      <span className={classes['path']}>
        <SafeText what="path">{path}</SafeText>
      </span>
    </>
  );
}
