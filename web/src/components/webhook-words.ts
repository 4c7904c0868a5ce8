import { CircleCheck, CircleX, RotateCcw } from 'lucide-react';
import type { Delivery, WebhookEvent } from '../../../shared/webhooks.ts';
import type { Look } from './looks.ts';

/** What a webhook may be told of, in words. */
export const WEBHOOK_EVENT_LABELS: Record<WebhookEvent, string> = {
  'appliance.mode': 'changes of mode',
  'mirror.state': 'states of mirrors',
  'job.state': 'resyncs and scrubs',
  'attention.opened': 'what needs attention',
  'attention.closed': 'what needs it no more',
};

export const DELIVERY_LOOKS: Record<Delivery['state'], Look> = {
  trying: { label: 'Trying again', tone: 'warn', icon: RotateCcw },
  delivered: { label: 'Delivered', tone: 'good', icon: CircleCheck },
  failed: { label: 'Failed', tone: 'bad', icon: CircleX },
};
