import type { FastifyInstance } from 'fastify';
import { API_PREFIX } from '../../shared/api.ts';
import { type EventBatch, eventBatchSchema, type EventPosition } from '../../shared/events.ts';
import { type EventsQuery, eventsQuerySchema } from '../../shared/requests.ts';
import type { EventFeed } from './event-feed.ts';
import { route } from './route.ts';

const BATCH_EVENTS = 500;
/** Readers beyond these are answered at once instead of waiting. */
const WAITING_READERS = 100;

/** The live events for scripts: an answer that waits for the next event. */
export function eventRoutes(app: FastifyInstance, feed: EventFeed): void {
  let waiting = 0;

  const whenThereIsNews = async (since: EventPosition, limitMs: number, signal: AbortSignal) => {
    const batch = feed.read(since, BATCH_EVENTS);
    if (batch.reset || batch.events.length > 0 || waiting >= WAITING_READERS) return batch;
    waiting += 1;
    try {
      await feed.nextEvent(limitMs, signal);
    } finally {
      waiting -= 1;
    }
    return feed.read(since, BATCH_EVENTS);
  };

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: `${API_PREFIX}/events`,
      summary: 'What happened since, or the next thing that happens',
      query: eventsQuerySchema,
      answer: eventBatchSchema,
    },
    async ({ query, reply }): Promise<EventBatch> => {
      const since = positionOf(query, feed.position());
      if (!since) return { ...feed.position(), reset: false, events: [] };
      const gone = new AbortController();
      reply.raw.once('close', () => gone.abort());
      return whenThereIsNews(since, query.waitSeconds * 1000, gone.signal);
    },
  );
}

function positionOf({ since, bootId }: EventsQuery, now: EventPosition): EventPosition | undefined {
  return since === undefined ? undefined : { seq: since, bootId: bootId ?? now.bootId };
}
