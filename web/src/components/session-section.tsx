import { LogOut } from 'lucide-react';
import type { ReactNode } from 'react';
import type { SessionView } from '../../../shared/access.ts';
import { useEndSessions, useSessions } from '../api/access.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { QueryState } from './query-state.tsx';
import table from './record-table.module.css';
import { RelativeTime } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';
import { Section } from './section.tsx';

/** Where somebody is signed in. */
export function SessionSection(): ReactNode {
  const sessions = useSessions();
  const ending = useEndSessions();
  const others = (sessions.data ?? []).filter(({ current }) => !current).map(({ id }) => id);
  return (
    <Section title="Signed in" testId="sessions" note="Browsers, each for at most twelve hours">
      <QueryState query={sessions}>
        {(items) => (
          <table className={table['table']}>
            <thead>
              <tr>
                <th scope="col">Browser</th>
                <th scope="col">From</th>
                <th scope="col">Since</th>
                <th scope="col">Last used</th>
                <th scope="col">Change</th>
              </tr>
            </thead>
            <tbody>
              {items.map((session) => (
                <SessionRow key={session.id} session={session} onEnd={() => ending.mutate([session.id])} />
              ))}
            </tbody>
          </table>
        )}
      </QueryState>
      <div>
        <ActionButton
          label="End all others"
          name="End all others"
          icon={LogOut}
          scope="admin"
          pending={ending.isPending}
          refusal={others.length === 0 ? 'There is no other' : undefined}
          onPress={() => ending.mutate(others)}
        />
      </div>
      <FailureNotice what="end it" failure={ending.error} />
    </Section>
  );
}

interface SessionRowProps {
  readonly session: SessionView;
  readonly onEnd: () => void;
}

function SessionRow({ session, onEnd }: SessionRowProps): ReactNode {
  return (
    <tr data-testid="session-row">
      <td>
        <SafeText what="browser" limitChars={80}>
          {session.agent === '' ? 'says no name' : session.agent}
        </SafeText>
      </td>
      <td data-label="From">{session.address}</td>
      <td data-label="Since">
        <RelativeTime at={session.openedAt} />
      </td>
      <td data-label="Last used">
        {session.current ? 'this one' : <RelativeTime at={session.lastUsedAt} />}
      </td>
      <td>
        <ActionButton
          label="End"
          name={`End the session from ${session.address}`}
          icon={LogOut}
          scope="admin"
          refusal={session.current ? 'This one ends by signing out' : undefined}
          onPress={onEnd}
        />
      </td>
    </tr>
  );
}
