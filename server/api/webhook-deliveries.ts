import type { Delivery } from '../../shared/webhooks.ts';
import { sleep } from '../base/wait.ts';
import { type Attempt, type Receiver, sendWebhook } from './webhook-request.ts';

const MOST_WAITING = 100;
const MOST_SHOWN = 10;

/** An event as a receiver gets it. */
export interface WebhookMessage {
  readonly id: string;
  readonly event: Delivery['event'];
  readonly at: string;
  readonly data: object;
  readonly bootId: string;
  readonly seq: number;
}

/** What is sent to one receiver: in order, each again and again for a while; bounded, so that the oldest give way. */
export class WebhookDeliveries {
  readonly #receiver: Receiver;
  /** Before each attempt. */
  readonly #pausesMs: readonly number[];
  readonly #onFailure: (delivery: Delivery) => void;
  readonly #ending = new AbortController();
  readonly #waiting: WebhookMessage[] = [];
  /** Newest first. */
  #shown: readonly Delivery[] = [];
  #dropped = 0;
  #sending = false;

  constructor(
    receiver: Receiver,
    pausesMs: readonly number[],
    onFailure: (delivery: Delivery) => void = () => {},
  ) {
    this.#receiver = receiver;
    this.#pausesMs = [0, ...pausesMs];
    this.#onFailure = onFailure;
  }

  get view(): { waiting: number; dropped: number; deliveries: Delivery[] } {
    return { waiting: this.#waiting.length, dropped: this.#dropped, deliveries: [...this.#shown] };
  }

  /** Sends it when those before are delivered or given up. */
  add(message: WebhookMessage): void {
    this.#waiting.push(message);
    if (this.#waiting.length > MOST_WAITING) {
      this.#waiting.shift();
      this.#dropped += 1;
    }
    if (!this.#sending) void this.#sendWaiting();
  }

  /** Sends it once, past those that wait. */
  async tryOut(message: WebhookMessage): Promise<Delivery> {
    const attempt = await this.#send(message);
    return this.#show(message, attempt, 1, attempt.error ? 'failed' : 'delivered');
  }

  /** Sends nothing any more. */
  end(): void {
    this.#ending.abort();
    this.#waiting.length = 0;
  }

  async #sendWaiting(): Promise<void> {
    this.#sending = true;
    for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) await this.#deliver(next);
    this.#sending = false;
  }

  async #deliver(message: WebhookMessage): Promise<void> {
    const { signal } = this.#ending;
    for (const [index, pauseMs] of this.#pausesMs.entries()) {
      await sleep(pauseMs, signal).catch(() => {});
      if (signal.aborted) return;
      const attempt = await this.#send(message);
      if (signal.aborted) return;
      const isLast = index + 1 === this.#pausesMs.length;
      const failed = isLast ? 'failed' : 'trying';
      const delivery = this.#show(message, attempt, index + 1, attempt.error ? failed : 'delivered');
      if (delivery.state === 'failed') this.#onFailure(delivery);
      if (!attempt.error) return;
    }
  }

  #send(message: WebhookMessage): Promise<Attempt> {
    return sendWebhook(this.#receiver, message.id, JSON.stringify(message), this.#ending.signal);
  }

  #show(
    { id, event }: WebhookMessage,
    attempt: Attempt,
    attempts: number,
    state: Delivery['state'],
  ): Delivery {
    const delivery = { id, event, state, attempts, at: new Date().toISOString(), ...attempt };
    const others = this.#shown.filter((each) => each.id !== id);
    this.#shown = [delivery, ...others].slice(0, MOST_SHOWN);
    return delivery;
  }
}
