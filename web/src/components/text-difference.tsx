import { diffLines } from 'diff';
import type { ReactNode } from 'react';
import { escapeText } from '../format/escape.ts';
import classes from './text-difference.module.css';

/** Lines of what stays that are shown beside what changes. */
const AROUND = 2;

/** What is taken out and what comes in, line by line. */
export function TextDifference({
  before,
  after,
}: {
  readonly before: string;
  readonly after: string;
}): ReactNode {
  const parts = diffLines(before, after);
  return (
    // A keyboard must be able to scroll it.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div
      className={classes['difference']}
      tabIndex={0}
      role="group"
      aria-label="What changes"
      data-testid="difference"
    >
      {parts.flatMap(({ added, removed, value }, index) => {
        const lines = value.replace(/\n$/, '').split('\n');
        const kind = added ? 'added' : removed ? 'removed' : 'same';
        const shown = kind === 'same' ? around(lines, index === 0, index === parts.length - 1) : lines;
        return shown.map((line, at) => (
          // oxlint-disable-next-line react/no-array-index-key
          <div key={`${index} ${at}`} data-kind={kind}>
            <span className={classes['sign']}>{kind === 'added' ? '+' : kind === 'removed' ? '−' : ' '}</span>
            <bdi>{escapeText(line)}</bdi>
          </div>
        ));
      })}
    </div>
  );
}

function around(lines: readonly string[], isFirst: boolean, isLast: boolean): readonly string[] {
  if (lines.length <= 2 * AROUND) return lines;
  const head = isFirst ? [] : lines.slice(0, AROUND);
  const tail = isLast ? [] : lines.slice(-AROUND);
  return [...head, '…', ...tail];
}
