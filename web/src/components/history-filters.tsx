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
  return (
    <div className={classes['filters']} role="search" aria-label="History">
      <Typed label="Path begins with" value={filter.path} onChange={(path) => onChange({ path })} />
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
      <Typed
        label="User id"
        value={filter.uid === undefined ? undefined : String(filter.uid)}
        pattern={/^\d{1,10}$/}
        onChange={(uid) => onChange({ uid: uid === undefined ? undefined : Number(uid) })}
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

interface TypedProps {
  readonly label: string;
  readonly value: string | undefined;
  /** What isn't like that is told as wrong, and narrows nothing. */
  readonly pattern?: RegExp;
  readonly onChange: (value: string | undefined) => void;
}

/** A text that counts when its typing has paused. */
function Typed({ label, value, pattern, onChange }: TypedProps): ReactNode {
  const [typed, setTyped] = useState(value ?? '');
  const isWrong = typed !== '' && pattern?.test(typed) === false;
  const narrow = useDebouncedCallback(
    (text: string) => onChange(text === '' || pattern?.test(text) === false ? undefined : text),
    TYPING_MS,
  );
  return (
    <TextInput
      label={label}
      value={typed}
      error={isWrong ? 'a number' : undefined}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        narrow(event.currentTarget.value);
      }}
    />
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
