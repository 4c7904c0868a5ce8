import { NativeSelect, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { type ReactNode, useState } from 'react';
import type { MirrorView, Outcome } from '../../../shared/api.ts';
import { OPERATION_KINDS, type OperationKind } from '../../../shared/states.ts';
import type { HistoryFilter, Span } from '../api/transactions.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import classes from './history-filters.module.css';
import { OPERATION_LABELS, OUTCOME_LOOKS } from './looks.ts';

const TYPING_MS = 300;
const ANY = '';
const SPAN_LABELS: Record<Span, string> = {
  '1h': 'The last hour',
  '24h': 'The last day',
  '7d': 'The last week',
};

export interface HistoryFiltersProps {
  readonly filter: HistoryFilter;
  readonly mirrors: readonly MirrorView[];
  readonly onChange: (change: HistoryFilter) => void;
}

/** What of the history is shown. */
export function HistoryFilters({ filter, mirrors, onChange }: HistoryFiltersProps): ReactNode {
  const [path, setPath] = useState(filter.path ?? '');
  const narrow = useDebouncedCallback((text: string) => onChange({ path: text || undefined }), TYPING_MS);
  return (
    <div className={classes['filters']} role="search" aria-label="History">
      <TextInput
        label="Path begins with"
        value={path}
        onChange={(event) => {
          setPath(event.currentTarget.value);
          narrow(event.currentTarget.value);
        }}
      />
      <Choice
        label="Outcome"
        value={filter.outcome}
        options={Object.entries(OUTCOME_LOOKS).map(([value, { label }]) => [value as Outcome, label])}
        onChange={(outcome) => onChange({ outcome })}
      />
      <Choice
        label="Operation"
        value={filter.op}
        options={OPERATION_KINDS.map((kind): [OperationKind, string] => [kind, OPERATION_LABELS[kind]])}
        onChange={(op) => onChange({ op })}
      />
      <Choice
        label="Mirror"
        value={filter.mirror}
        options={mirrors.map(({ id }) => [id, capMiddle(escapeText(id), 40).text])}
        onChange={(mirror) => onChange({ mirror })}
      />
      <Choice
        label="Time"
        value={filter.span}
        options={Object.entries(SPAN_LABELS) as [Span, string][]}
        onChange={(span) => onChange({ span })}
      />
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  readonly label: string;
  readonly value: Value | undefined;
  readonly options: readonly (readonly [Value, string])[];
  readonly onChange: (value: Value | undefined) => void;
}

function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>): ReactNode {
  return (
    <NativeSelect
      label={label}
      value={value ?? ANY}
      onChange={(event) => onChange(options.find(([each]) => each === event.currentTarget.value)?.[0])}
      data={[
        { value: ANY, label: 'Any' },
        ...options.map(([each, words]) => ({ value: each, label: words })),
      ]}
    />
  );
}
