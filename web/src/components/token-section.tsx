import { NativeSelect, NumberInput, Text, TextInput } from '@mantine/core';
import { KeyRound, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { TokenView } from '../../../shared/access.ts';
import { SCOPES, type Scope } from '../../../shared/states.ts';
import { useMakeToken, useRevokeToken, useTokens } from '../api/access.ts';
import { capMiddle, escapeText } from '../format/escape.ts';
import classes from './record-filters.module.css';
import table from './record-table.module.css';
import { ActionButton } from './action-button.tsx';
import { Confirm } from './confirm.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { QueryState } from './query-state.tsx';
import { RelativeTime } from './relative-time.tsx';
import { Empty, Section } from './section.tsx';
import { ToldOnce } from './told-once.tsx';

const DAY_MS = 86_400_000;
const SCOPE_LABELS: Record<Scope, string> = {
  read: 'Look only',
  operate: 'Operate: detach, retry, scrub, cancel',
  admin: 'Everything',
};

/** Tokens for scripts, each for as much as it is needed for. */
export function TokenSection(): ReactNode {
  const tokens = useTokens();
  const making = useMakeToken();
  return (
    <Section title="Tokens" testId="tokens" note="For scripts and programs, as “Authorization: Bearer …”">
      <NewTokenForm pending={making.isPending} onMake={making.mutate} />
      <FailureNotice what="make the token" failure={making.error} />
      {making.data && <ToldOnce name={making.data.name} secret={making.data.token} testId="made-token" />}
      <QueryState query={tokens}>
        {(items) =>
          items.length === 0 ? <Empty>No token has been made.</Empty> : <TokenTable tokens={items} />
        }
      </QueryState>
    </Section>
  );
}

interface NewTokenFormProps {
  readonly pending: boolean;
  readonly onMake: (wanted: { name: string; scope: Scope; expiresAt?: string }) => void;
}

function NewTokenForm({ pending, onMake }: NewTokenFormProps): ReactNode {
  const [name, setName] = useState('');
  const [scope, setScope] = useState<Scope>('read');
  const [days, setDays] = useState<number | string>(90);
  const make = () => {
    const expiresAt =
      typeof days === 'number' ? new Date(Date.now() + days * DAY_MS).toISOString() : undefined;
    onMake({ name: name.trim(), scope, ...(expiresAt !== undefined && { expiresAt }) });
    setName('');
  };
  return (
    <div className={classes['filters']}>
      <TextInput
        label="Name"
        value={name}
        maxLength={100}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NativeSelect
        label="May"
        value={scope}
        onChange={(event) => setScope(event.currentTarget.value as Scope)}
        data={SCOPES.map((value) => ({ value, label: SCOPE_LABELS[value] }))}
      />
      <NumberInput
        label="Days it is good for; empty: until revoked"
        value={days}
        min={1}
        max={3650}
        allowDecimal={false}
        onChange={setDays}
      />
      <ActionButton
        label="Make a token"
        name="Make a token"
        icon={KeyRound}
        scope="admin"
        pending={pending}
        refusal={name.trim() === '' ? 'It needs a name' : undefined}
        onPress={make}
      />
    </div>
  );
}

function TokenTable({ tokens }: { readonly tokens: readonly TokenView[] }): ReactNode {
  return (
    <table className={table['table']}>
      <thead>
        <tr>
          <th scope="col">Name</th>
          <th scope="col">May</th>
          <th scope="col">Good until</th>
          <th scope="col">Last used</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <TokenRow key={token.id} token={token} />
        ))}
      </tbody>
    </table>
  );
}

function TokenRow({ token }: { readonly token: TokenView }): ReactNode {
  const revoking = useRevokeToken();
  const [asking, setAsking] = useState(false);
  const name = capMiddle(escapeText(token.name), 40).text;
  return (
    <tr data-testid="token-row">
      <td>{name}</td>
      <td data-label="May">{token.scope}</td>
      <td data-label="Good until">
        {token.expiresAt === null ? 'it is revoked' : <RelativeTime at={token.expiresAt} />}
      </td>
      <td data-label="Last used">
        {token.lastUsedAt === null ? 'never' : <RelativeTime at={token.lastUsedAt} />}
      </td>
      <td>
        <ActionButton
          label="Revoke…"
          name={`Revoke… ${name}`}
          icon={Trash2}
          scope="admin"
          danger
          pending={revoking.isPending}
          onPress={() => setAsking(true)}
        />
        <FailureNotice what={`revoke ${name}`} failure={revoking.error} />
        <Confirm
          opened={asking}
          onClose={() => setAsking(false)}
          onConfirm={() => revoking.mutate(token.id)}
          question={`Revoke ${name}?`}
          doIt={`Revoke ${name}`}
          leaveIt="Keep it"
        >
          <Text size="sm">Whatever uses it is refused from then on, and pages that it opened end.</Text>
        </Confirm>
      </td>
    </tr>
  );
}
