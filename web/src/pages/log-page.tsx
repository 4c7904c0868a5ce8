import { Button, NativeSelect, TextInput } from '@mantine/core';
import { Download } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { LOG_LEVELS, type LogLevel, type LogLine } from '../../../shared/log.ts';
import { useLog } from '../api/records.ts';
import { download } from '../api/download.ts';
import { useScopeRefusal } from '../api/who.ts';
import { formatCount } from '../format/quantities.ts';
import classes from '../components/record-filters.module.css';
import { LogLines } from '../components/log-lines.tsx';
import { Page } from '../components/page.tsx';
import { QueryState } from '../components/query-state.tsx';
import { Empty, Section } from '../components/section.tsx';

const LABELS: Record<LogLevel, string> = {
  debug: 'Everything',
  info: 'Information and worse',
  warn: 'Warnings and errors',
  error: 'Errors',
};

/** The end of the log, as it comes. */
export function LogPage(): ReactNode {
  const refusal = useScopeRefusal('admin');
  return (
    <Page tabTitle="Log" heading="Log" testId="log-page">
      {refusal === undefined ? <FollowedLog /> : <Empty>{refusal}.</Empty>}
    </Page>
  );
}

function FollowedLog(): ReactNode {
  const [level, setLevel] = useState<LogLevel>('info');
  const [text, setText] = useState('');
  const log = useLog(level);
  const shown = (log.data?.items ?? []).filter((line) => text === '' || JSON.stringify(line).includes(text));
  return (
    <Section
      title="Latest lines"
      testId="log"
      note={log.data && `${formatCount(shown.length, 'line')}; where the log is kept it goes back further`}
    >
      <div className={classes['filters']} role="search" aria-label="Log">
        <NativeSelect
          label="Level"
          value={level}
          onChange={(event) => setLevel(event.currentTarget.value as LogLevel)}
          data={LOG_LEVELS.map((value) => ({ value, label: LABELS[value] }))}
        />
        <TextInput label="Contains" value={text} onChange={(event) => setText(event.currentTarget.value)} />
        <Button
          variant="default"
          leftSection={<Download size={14} aria-hidden />}
          disabled={shown.length === 0}
          onClick={() => download('proxyfs-log.jsonl', shown.map(asText).join(''))}
        >
          Download these
        </Button>
      </div>
      <QueryState query={log}>{() => <LogLines lines={shown} />}</QueryState>
    </Section>
  );
}

function asText({ at, level, event, fields }: LogLine): string {
  return `${JSON.stringify({ time: at, level, event, ...fields })}\n`;
}
