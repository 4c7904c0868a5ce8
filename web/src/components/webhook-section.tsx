import { Checkbox, TextInput } from '@mantine/core';
import { Webhook } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import { type NewWebhook, WEBHOOK_EVENTS, type WebhookEvent } from '../../../shared/webhooks.ts';
import { useAddWebhook, useWebhooks } from '../api/webhooks.ts';
import { ActionButton } from './action-button.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { QueryState } from './query-state.tsx';
import { Empty, Section } from './section.tsx';
import { ToldOnce } from './told-once.tsx';
import classes from './webhook-section.module.css';
import { WebhookTable } from './webhook-table.tsx';
import { WEBHOOK_EVENT_LABELS } from './webhook-words.ts';

/** Other programs that are told of events. */
export function WebhookSection(): ReactNode {
  const webhooks = useWebhooks();
  const adding = useAddWebhook();
  return (
    <Section title="Webhooks" testId="webhooks" note="Tell other programs what happens, by signed requests">
      <NewWebhookForm pending={adding.isPending} onAdd={adding.mutate} />
      <FailureNotice what="add the webhook" failure={adding.error} />
      {adding.data && (
        <ToldOnce
          name={`The secret that signs for ${new URL(adding.data.url).host}`}
          secret={adding.data.secret}
          testId="made-secret"
        />
      )}
      <QueryState query={webhooks}>
        {(items) =>
          items.length === 0 ? <Empty>Nobody is told of anything.</Empty> : <WebhookTable webhooks={items} />
        }
      </QueryState>
    </Section>
  );
}

interface NewWebhookFormProps {
  readonly pending: boolean;
  readonly onAdd: (wanted: NewWebhook) => void;
}

function NewWebhookForm({ pending, onAdd }: NewWebhookFormProps): ReactNode {
  const [url, setUrl] = useState('');
  const [events, setEvents] = useState<WebhookEvent[]>([...WEBHOOK_EVENTS]);
  const add = () => {
    onAdd({ url: url.trim(), events });
    setUrl('');
  };
  return (
    <div className={classes['form']}>
      <TextInput
        label="Address"
        type="url"
        placeholder="https://…"
        value={url}
        maxLength={2000}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <Checkbox.Group label="Tell it of" value={events} onChange={setEvents}>
        <div className={classes['events']}>
          {WEBHOOK_EVENTS.map((event) => (
            <Checkbox key={event} value={event} label={WEBHOOK_EVENT_LABELS[event]} />
          ))}
        </div>
      </Checkbox.Group>
      <ActionButton
        label="Add a webhook"
        name="Add a webhook"
        icon={Webhook}
        scope="admin"
        pending={pending}
        refusal={refusalOf(url, events)}
        onPress={add}
      />
    </div>
  );
}

function refusalOf(url: string, events: readonly WebhookEvent[]): string | undefined {
  if (!/^https?:\/\/./.test(url.trim())) return 'It needs an address that begins with http:// or https://';
  return events.length === 0 ? 'It needs something to tell of' : undefined;
}
