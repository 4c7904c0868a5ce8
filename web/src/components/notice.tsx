import { CircleAlert, Info, type LucideIcon, TriangleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Tone } from './looks.ts';
import classes from './notice.module.css';

const ICONS: Record<Tone, LucideIcon> = {
  good: Info,
  warn: TriangleAlert,
  bad: CircleAlert,
  busy: Info,
  idle: Info,
};

export interface NoticeProps {
  readonly tone: Tone;
  readonly title: ReactNode;
  readonly icon?: LucideIcon;
  readonly role?: 'alert' | 'status';
  readonly children?: ReactNode;
  readonly testId?: string;
}

/** A box that says something: a heading, the exact words below it. */
export function Notice({ tone, title, icon, role, children, testId }: NoticeProps): ReactNode {
  const Icon = icon ?? ICONS[tone];
  return (
    <div className={classes['notice']} data-tone={tone} role={role} data-testid={testId}>
      <Icon size={16} aria-hidden className={classes['icon']} />
      <div className={classes['body']}>
        <div className={classes['title']}>{title}</div>
        {children !== undefined && <div className={classes['words']}>{children}</div>}
      </div>
    </div>
  );
}
