import type { QueryClient } from '@tanstack/react-query';
import { overviewSchema } from '../../../shared/api.ts';
import type { Connection } from './connection.ts';
import { EventSocket } from './event-socket.ts';
import type { Live } from './fold-events.ts';
import { request, serverAddress } from './http.ts';
import { LiveJobs } from './live-jobs.ts';
import { LiveRecords } from './live-records.ts';
import { LiveOverview } from './live-overview.ts';
import { Observable } from './observable.ts';

export const OVERVIEW_KEY = ['overview'] as const;

/** Four times a second, whatever the traffic. */
const PACE_MS = 250;
const BEATS_PER_SECOND = 1000 / PACE_MS;
/** A refetch after a gap is asked for at most this often. */
const REFETCH_BEATS = BEATS_PER_SECOND / 2;
/** A server that says nothing for this long is asked whether it lives, and has this long to answer. */
const SILENCE_MS = 500;
const PROBE_LIMIT_MS = 1000;

/**
 * Keeps the query cache's overview up to date: fetched once, then carried on by events. All of it reaches the
 * screen on one beat of 250 ms, and the clock that the page shows ticks on every fourth.
 */
export class LiveFeed {
  readonly connection = new Observable<Connection>({ state: 'connecting' });
  /** The server's time, as far as known, in whole seconds of the page. */
  readonly nowMs = new Observable<number>(Date.now());
  /** What else the pages follow while they are open. */
  readonly records: LiveRecords;
  readonly #queries: QueryClient;
  readonly #overview = new LiveOverview();
  readonly #jobs: LiveJobs;
  readonly #socket: EventSocket;
  #serverAheadMs = 0;
  #timer: ReturnType<typeof setInterval> | undefined;
  #beat = 0;
  #refetchAtBeat: number | undefined;
  #subscribed = false;
  #probing = false;

  constructor(queries: QueryClient) {
    this.#queries = queries;
    this.#jobs = new LiveJobs(queries);
    this.records = new LiveRecords(queries, () => {
      if (this.#subscribed) this.#socket.subscribe(this.records.wanted());
    });
    this.#socket = new EventSocket({
      connected: () => this.#onConnected(),
      disconnected: (cause) => this.#onDisconnected(cause),
      events: (envelopes) => {
        const at = envelopes.at(-1)?.at;
        if (at !== undefined) this.#serverAheadMs = Date.parse(at) - Date.now();
        this.#overview.receive(envelopes);
        this.#jobs.receive(envelopes);
      },
      reset: (position) => {
        this.#overview.reset(position);
        this.#refetchSoon(0);
        this.#refetchOthers();
      },
      logLines: (page) => this.records.receiveLog(page),
      auditEntry: () => this.records.receiveAudit(),
    });
  }

  start(): void {
    this.#socket.start();
    this.#timer = setInterval(() => this.#onBeat(), PACE_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#socket.stop();
  }

  /** The query of the overview: what the server says, and what has happened since. */
  readonly fetch = async ({ signal }: { signal: AbortSignal }): Promise<Live> => {
    const live = this.#overview.fetched(await request('GET', '/overview', overviewSchema, { signal }));
    if (this.#overview.needsRefetch) this.#refetchSoon(BEATS_PER_SECOND);
    this.#subscribe();
    return live;
  };

  #onConnected(): void {
    this.#subscribed = false;
    this.#subscribe();
  }

  #onDisconnected(cause: string): void {
    this.#subscribed = false;
    this.#lost(cause);
    // If only the session has ended, the fetch finds out and goes to the login.
    this.#refetchSoon(0);
  }

  /** Needs both an open socket and a place to go on from; whichever comes last calls. */
  #subscribe(): void {
    const position = this.#overview.position;
    if (this.#subscribed || !this.#socket.connected || !position) return;
    this.#subscribed = true;
    this.#socket.subscribe({ since: position, ...this.records.wanted() });
    this.connection.set({ state: 'live' });
  }

  #onBeat(): void {
    this.#beat += 1;
    this.#jobs.flush();
    this.records.flush();
    if (this.#overview.flush()) this.#queries.setQueryData(OVERVIEW_KEY, this.#overview.live);
    if (this.#overview.needsRefetch) this.#refetchSoon(REFETCH_BEATS);
    if (this.#refetchAtBeat !== undefined && this.#beat >= this.#refetchAtBeat) this.#refetch();
    if (this.#beat % BEATS_PER_SECOND === 0) this.nowMs.set(Date.now() + this.#serverAheadMs);
    this.#checkSilence();
  }

  #refetchSoon(beats: number): void {
    this.#refetchAtBeat = Math.min(this.#refetchAtBeat ?? Number.POSITIVE_INFINITY, this.#beat + beats);
  }

  #refetch(): void {
    this.#refetchAtBeat = undefined;
    void this.#queries.invalidateQueries({ queryKey: OVERVIEW_KEY }, { cancelRefetch: false });
  }

  /** All but the overview, after events were missed. */
  #refetchOthers(): void {
    const isOther = ({ queryKey }: { queryKey: readonly unknown[] }) => queryKey[0] !== OVERVIEW_KEY[0];
    void this.#queries.invalidateQueries({ predicate: isOther });
  }

  #checkSilence(): void {
    const silentMs = Date.now() - this.#socket.lastHeardMs;
    if (document.hidden || this.#probing || silentMs < SILENCE_MS) return;
    if (this.connection.get().state !== 'live') return;
    void this.#probe();
  }

  /** A frozen server or a cut cable closes no socket; only asking shows it. */
  async #probe(): Promise<void> {
    this.#probing = true;
    try {
      await fetch(serverAddress('/healthz'), {
        cache: 'no-store',
        signal: AbortSignal.timeout(PROBE_LIMIT_MS),
      });
    } catch {
      this.#subscribed = false;
      this.#lost('no answer');
      this.#socket.restart();
    } finally {
      this.#probing = false;
    }
  }

  #lost(cause: string): void {
    const current = this.connection.get();
    const sinceMs = current.state === 'lost' ? current.sinceMs : Date.now() + this.#serverAheadMs;
    this.connection.set({ state: 'lost', sinceMs, cause });
  }
}
