import { Button } from '@mantine/core';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import type { LogLine } from '../../../shared/log.ts';
import { escapeText } from '../format/escape.ts';
import { formatExact } from '../format/quantities.ts';
import classes from './log-lines.module.css';
import { Empty } from './section.tsx';

const NEAR_PX = 24;
const FIELD_CHARS = 300;

/** Lines of the log, the latest at the end, which stays in sight until somebody scrolls up. */
export function LogLines({ lines }: { readonly lines: readonly LogLine[] }): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(true);
  const last = lines.at(-1);
  useEffect(() => {
    const shown = place.current;
    if (!follows || !shown) return undefined;
    // Also when lines break anew at another width, which carries the end out of sight.
    const observer = new ResizeObserver(() => (shown.scrollTop = shown.scrollHeight));
    observer.observe(shown);
    return () => observer.disconnect();
  }, [follows, last]);
  if (!last) return <Empty>Nothing like that has been logged.</Empty>;
  const look = ({ scrollTop, scrollHeight, clientHeight }: HTMLDivElement) =>
    setFollows(scrollHeight - scrollTop - clientHeight < NEAR_PX);
  return (
    <div className={classes['frame']}>
      <div
        ref={place}
        className={classes['lines']}
        role="log"
        aria-live="off"
        aria-label="Log"
        // A keyboard must be able to scroll it.
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onScroll={(event) => look(event.currentTarget)}
      >
        {lines.map((line) => (
          <Line key={`${line.at} ${line.seq}`} line={line} />
        ))}
      </div>
      {!follows && (
        <Button
          variant="default"
          size="xs"
          className={classes['follow'] ?? ''}
          onClick={() => setFollows(true)}
        >
          Go on following
        </Button>
      )}
    </div>
  );
}

function Line({ line: { at, level, event, fields } }: { readonly line: LogLine }): ReactNode {
  return (
    <div className={classes['line']} data-level={level} data-testid="log-line">
      <time dateTime={at} title={formatExact(Date.parse(at))} className={classes['time']}>
        {formatExact(Date.parse(at)).slice(11, 23)}
      </time>
      <span className={classes['level']}>{level}</span>
      <span className={classes['event']}>{escapeText(event)}</span>
      {Object.entries(fields).map(([name, value]) => (
        <span key={name} className={classes['field']}>
          <span className={classes['name']}>{escapeText(name)}=</span>
          <bdi>{escapeText(textOf(value).slice(0, FIELD_CHARS))}</bdi>
        </span>
      ))}
    </div>
  );
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
