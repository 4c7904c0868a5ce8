import { CircleCheck, CircleX } from 'lucide-react';
import type { ReactNode } from 'react';
import { type AuditEntry, auditResultOf } from '../../../shared/audit.ts';
import { Chip } from './chip.tsx';
import type { Look } from './looks.ts';
import classes from './record-table.module.css';
import { RelativeTime } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';

const PREFIX = /^\/api\/v1/;
const BY: Record<AuditEntry['by'], string> = { token: 'token', session: 'browser', login: 'login' };

/** Changes with who made them and how they ended. */
export function AuditTable({ entries }: { readonly entries: readonly AuditEntry[] }): ReactNode {
  return (
    <table className={classes['table']}>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          <th scope="col">Result</th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {entries.map((entry) => (
          <tr key={entry.id} data-testid="audit-row">
            <td>
              <RelativeTime at={entry.at} />
            </td>
            <td>
              <code>
                {entry.method} <SafeText what="route">{placeOf(entry)}</SafeText>
              </code>
              {entry.fields.length > 0 && (
                <div className={classes['quiet']}>
                  <SafeText what="fields">{entry.fields.join(', ')}</SafeText>
                </div>
              )}
            </td>
            <td>
              <Chip look={lookOf(entry.status)} />
            </td>
            <td>
              {BY[entry.by]} {entry.token !== null && <SafeText what="token">{entry.token}</SafeText>}
              <div className={classes['quiet']}>{entry.address}</div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function placeOf({ route, target }: AuditEntry): string {
  const shown = route.replace(PREFIX, '');
  return target === null ? shown : shown.replace('{id}', target);
}

function lookOf(status: number): Look {
  if (auditResultOf(status) === 'done') return { label: 'done', tone: 'good', icon: CircleCheck };
  return { label: `refused, ${status}`, tone: 'bad', icon: CircleX };
}
