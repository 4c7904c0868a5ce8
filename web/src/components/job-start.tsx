import { NativeSelect, SegmentedControl, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { ScanSearch } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import type { JobView } from '../../../shared/jobs.ts';
import { useStartJob, type WantedJob } from '../api/jobs.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import classes from './job-start.module.css';
import { Section } from './section.tsx';

type JobType = JobView['type'];
type CompareMode = JobView['compare'];

const NOTES: Record<JobType, string> = {
  scrub: 'Compares mirrors with the local tree and lists what differs. It changes nothing.',
  resync: 'A dry run first: it says what making the mirror equal would copy and remove, and changes nothing.',
};
const COMPARE: Record<CompareMode, string> = {
  quick: 'Quick: names, sizes, times',
  content: 'Content: every byte',
};
const ALL = '';

/** Begins a scrub, or the dry run of a resync, and goes to its page. */
export function JobStart({ mirrors }: { readonly mirrors: readonly MirrorView[] }): ReactNode {
  const navigate = useNavigate();
  const starting = useStartJob((job) => void navigate({ to: '/jobs/$id', params: { id: job.id } }));
  const [type, setType] = useState<JobType>('scrub');
  const [chosen, setChosen] = useState(ALL);
  const [path, setPath] = useState('/');
  const [compare, setCompare] = useState<CompareMode>('quick');
  const mirror = chosen === ALL && type === 'resync' ? (mirrors[0]?.id ?? ALL) : chosen;
  const label = type === 'scrub' ? 'Begin the scrub' : 'Begin the dry run';
  const options = mirrors.map(({ id }) => ({ value: id, label: capMiddle(escapeText(id), 40).text }));
  return (
    <Section title="Begin a job" testId="job-start" note={NOTES[type]}>
      <div className={classes['form']}>
        <SegmentedControl
          aria-label="What to begin"
          value={type}
          onChange={setType}
          data={[
            { value: 'scrub', label: 'Scrub' },
            { value: 'resync', label: 'Resync' },
          ]}
        />
        <NativeSelect
          label="Mirror"
          value={mirror}
          onChange={(event) => setChosen(event.currentTarget.value)}
          data={type === 'scrub' ? [{ value: ALL, label: 'All mirrors' }, ...options] : options}
        />
        <TextInput label="Path" value={path} onChange={(event) => setPath(event.currentTarget.value)} />
        <NativeSelect
          label="Comparison"
          value={compare}
          onChange={(event) => setCompare(event.currentTarget.value as CompareMode)}
          data={Object.entries(COMPARE).map(([value, words]) => ({ value, label: words }))}
        />
        <ActionButton
          label={label}
          name={label}
          icon={ScanSearch}
          pending={starting.pending}
          refusal={mirrors.length === 0 ? 'There is no mirror' : undefined}
          onPress={() => starting.start(wanted({ type, mirror, path, compare }, mirrors))}
        />
      </div>
      <FailureNotice what="begin the job" failure={starting.failure} />
    </Section>
  );
}

interface Choice {
  readonly type: JobType;
  readonly mirror: string;
  readonly path: string;
  readonly compare: CompareMode;
}

function wanted({ type, mirror, path, compare }: Choice, mirrors: readonly MirrorView[]): WantedJob {
  if (type === 'scrub') return { type, path, compare, ...(mirror !== ALL && { mirror }) };
  const reason = mirrors.find(({ id }) => id === mirror)?.reason;
  return { type, mirror, path, compare, dryRun: true, adopt: reason?.code === 'ADOPTION_NEEDED' };
}
