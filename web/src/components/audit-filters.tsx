import { NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import { AUDIT_RESULTS, AUDIT_TEXT_CHARS, type AuditResult } from '../../../shared/audit.ts';
import type { AuditFilter } from '../api/records.ts';
import classes from './record-filters.module.css';

const TYPING_MS = 300;
const ALL = { value: '', label: 'All' };
const RESULT_LABELS: Record<AuditResult, string> = { done: 'Done', refused: 'Refused' };

export interface AuditFiltersProps {
  readonly filter: AuditFilter;
  readonly onChange: (change: AuditFilter) => void;
}

/** What of the audit is shown. */
export function AuditFilters({ filter, onChange }: AuditFiltersProps): ReactNode {
  const [text, setText] = useState(filter.contains ?? '');
  const narrow = useDebouncedCallback(
    (contains: string) => onChange({ contains: contains || undefined }),
    TYPING_MS,
  );
  return (
    <div className={classes['filters']} role="search" aria-label="Audit">
      <TextInput
        label="Contains"
        value={text}
        maxLength={AUDIT_TEXT_CHARS}
        onChange={(event) => {
          setText(event.currentTarget.value);
          narrow(event.currentTarget.value);
        }}
      />
      <NativeSelect
        label="Result"
        value={filter.result ?? ''}
        onChange={(event) =>
          onChange({ result: AUDIT_RESULTS.find((one) => one === event.currentTarget.value) })
        }
        data={[ALL, ...AUDIT_RESULTS.map((value) => ({ value, label: RESULT_LABELS[value] }))]}
      />
    </div>
  );
}
