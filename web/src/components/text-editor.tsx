import { type ReactNode, useEffect, useRef } from 'react';
import type { Mistake } from '../../../shared/api.ts';
import classes from './text-editor.module.css';

export interface TextEditorProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (text: string) => void;
  /** Their lines are marked. */
  readonly mistakes: readonly Mistake[];
  /** The place to go to; another object goes there anew. */
  readonly place: { readonly line: number; readonly column: number } | undefined;
}

/** A text with the numbers of its lines. */
export function TextEditor({ label, value, onChange, mistakes, place }: TextEditorProps): ReactNode {
  const area = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    if (!place || !area.current) return;
    const before = area.current.value.split('\n').slice(0, place.line - 1);
    const at = before.reduce((length, line) => length + line.length + 1, 0) + place.column - 1;
    area.current.focus();
    area.current.setSelectionRange(at, at);
  }, [place]);
  const lines = value.split('\n');
  const wrong = new Set(mistakes.map(({ line }) => line));
  return (
    <div className={classes['frame']}>
      <div className={classes['numbers']} aria-hidden>
        {lines.map((_, index) => (
          // Lines have no identity but their place.
          // oxlint-disable-next-line react/no-array-index-key
          <div key={index} data-wrong={wrong.has(index + 1) || undefined}>
            {index + 1}
          </div>
        ))}
      </div>
      <textarea
        ref={area}
        className={classes['text']}
        aria-label={label}
        aria-invalid={mistakes.length > 0}
        value={value}
        rows={lines.length}
        wrap="off"
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        onChange={(event) => onChange(event.currentTarget.value)}
      />
    </div>
  );
}
