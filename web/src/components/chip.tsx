import type { ReactNode } from 'react';
import classes from './chip.module.css';
import type { Look } from './looks.ts';

export interface ChipProps {
  readonly look: Look;
  /** Instead of the look's own label. */
  readonly children?: ReactNode;
}

/** A state as icon, text and colour. */
export function Chip({ look, children }: ChipProps): ReactNode {
  const Icon = look.icon;
  return (
    <span className={classes['chip']} data-tone={look.tone}>
      <Icon size={14} aria-hidden className={look.turning ? classes['turning'] : classes['icon']} />
      <span className={classes['label']}>{children ?? look.label}</span>
    </span>
  );
}
