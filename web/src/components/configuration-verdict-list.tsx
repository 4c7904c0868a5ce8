import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ConfigurationVerdict } from '../../../shared/configuration.ts';
import { pointerPath } from '../../../shared/json-pointer.ts';
import { escapeText } from '../format/escape.ts';
import { APPLIES_LOOKS } from './configuration-looks.ts';
import { Chip } from './chip.tsx';
import classes from './configuration-verdict-list.module.css';

export interface ConfigurationVerdictListProps {
  readonly verdict: ConfigurationVerdict;
  readonly onGo: (place: { line: number; column: number }) => void;
}

/** The mistakes of a text with their places, or what it would change and when. */
export function ConfigurationVerdictList({ verdict, onGo }: ConfigurationVerdictListProps): ReactNode {
  const { errors, changes } = verdict;
  if (errors.length > 0)
    return (
      <ul className={classes['list']} aria-label="Mistakes">
        {errors.map(({ pointer, message, line, column }) => (
          <li key={`${pointer} ${message}`} data-testid="mistake">
            {line !== undefined && (
              <Button size="compact-xs" variant="default" onClick={() => onGo({ line, column: column ?? 1 })}>
                line {line}
              </Button>
            )}{' '}
            <strong>{escapeText(pointerPath(pointer).join('.'))}</strong> {escapeText(message)}
          </li>
        ))}
      </ul>
    );
  return (
    <ul className={classes['list']} aria-label="Changes">
      {changes.map(({ key, applies }) => (
        <li key={key} data-testid="change">
          <strong>{escapeText(key)}</strong> <Chip look={APPLIES_LOOKS[applies]} />
        </li>
      ))}
    </ul>
  );
}
