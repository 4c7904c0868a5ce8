import type { ReactNode } from 'react';
import type { MirrorView } from '../../../shared/api.ts';
import { isCountedOn } from '../api/counted-on.ts';
import { MirrorCard } from './mirror-card.tsx';
import classes from './mirror-list.module.css';
import { Empty, Section } from './section.tsx';

/** Every mirror, in the order of the configuration: a card never moves under the pointer. */
export function MirrorList({ mirrors }: { readonly mirrors: readonly MirrorView[] }): ReactNode {
  const required = mirrors.filter(isCountedOn).length;
  return (
    <Section title="Mirrors" testId="mirrors">
      {mirrors.length === 0 ? (
        <Empty>
          No mirror is configured. Add one with <code>proxyfs add-mirror</code>, or under{' '}
          <code>mirrors:</code> in the configuration.
        </Empty>
      ) : (
        <div className={classes['grid']}>
          {mirrors.map((mirror) => (
            <MirrorCard
              key={mirror.id}
              mirror={mirror}
              otherRequired={required - (isCountedOn(mirror) ? 1 : 0)}
            />
          ))}
        </div>
      )}
    </Section>
  );
}
