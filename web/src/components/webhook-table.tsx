import { Group, Text, VisuallyHidden } from '@mantine/core';
import { Send, Trash2 } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Delivery, WebhookView } from '../../../shared/webhooks.ts';
import { useRemoveWebhook, useTestWebhook } from '../api/webhooks.ts';
import { ActionButton } from './action-button.tsx';
import { Chip } from './chip.tsx';
import { Confirm } from './confirm.tsx';
import { FailureNotice } from './failure-notice.tsx';
import table from './record-table.module.css';
import { RelativeTime } from './relative-time.tsx';
import { SafeText } from './safe-text.tsx';
import { DELIVERY_LOOKS, WEBHOOK_EVENT_LABELS } from './webhook-words.ts';

/** Where events are sent to, and how the last delivery went. */
export function WebhookTable({ webhooks }: { readonly webhooks: readonly WebhookView[] }): ReactNode {
  return (
    <table className={table['table']}>
      <thead>
        <tr>
          <th scope="col">Address</th>
          <th scope="col">Told of</th>
          <th scope="col">Last delivery</th>
          <th scope="col">Change</th>
        </tr>
      </thead>
      <tbody>
        {webhooks.map((webhook) => (
          <WebhookRow key={webhook.id} webhook={webhook} />
        ))}
      </tbody>
    </table>
  );
}

function WebhookRow({ webhook }: { readonly webhook: WebhookView }): ReactNode {
  const { url, events, waiting, dropped, deliveries } = webhook;
  const [last] = deliveries;
  return (
    <tr data-testid="webhook-row">
      <td>
        <SafeText what="address" limitChars={80}>
          {url}
        </SafeText>
      </td>
      <td data-label="Told of">{events.map((event) => WEBHOOK_EVENT_LABELS[event]).join(', ')}</td>
      <td data-label="Last delivery">
        {last ? <LastDelivery delivery={last} /> : 'none yet'}
        {waiting > 0 && <div className={table['quiet']}>{waiting} waiting</div>}
        {dropped > 0 && <div className={table['quiet']}>{dropped} left out, as too many waited</div>}
      </td>
      <td>
        <WebhookActions webhook={webhook} />
      </td>
    </tr>
  );
}

function LastDelivery({ delivery }: { readonly delivery: Delivery }): ReactNode {
  const { event, state, at, attempts, error } = delivery;
  return (
    <>
      <Chip look={DELIVERY_LOOKS[state]} /> <RelativeTime at={at} />
      <div className={table['quiet']}>
        {event}
        {attempts > 1 && `, ${attempts} attempts`}
        {error && `: ${error.message}`}
      </div>
    </>
  );
}

function WebhookActions({ webhook: { id, url } }: { readonly webhook: WebhookView }): ReactNode {
  const testing = useTestWebhook();
  const removing = useRemoveWebhook();
  const [asking, setAsking] = useState(false);
  const { host } = new URL(url);
  return (
    <>
      <Group gap="xs">
        <ActionButton
          label="Test"
          name={`Test ${host}`}
          icon={Send}
          scope="admin"
          pending={testing.isPending}
          onPress={() => testing.mutate(id)}
        />
        <ActionButton
          label="Remove…"
          name={`Remove… ${host}`}
          icon={Trash2}
          scope="admin"
          danger
          pending={removing.isPending}
          onPress={() => setAsking(true)}
        />
      </Group>
      <VisuallyHidden role="status">
        {testing.data && `Test of ${host}: ${DELIVERY_LOOKS[testing.data.state].label}`}
      </VisuallyHidden>
      <FailureNotice what={`test ${host}`} failure={testing.error} />
      <FailureNotice what={`remove ${host}`} failure={removing.error} />
      <Confirm
        opened={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => removing.mutate(id)}
        question={`Remove ${host}?`}
        doIt={`Remove ${host}`}
        leaveIt="Keep it"
      >
        <Text size="sm">It is told of nothing from then on, and its secret is forgotten.</Text>
      </Confirm>
    </>
  );
}
