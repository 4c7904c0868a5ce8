import { io, type Socket } from 'socket.io-client';
import type { ClientToServerEvents, ServerToClientEvents } from '../../../shared/events.ts';
import type { ApplianceProcess } from '../appliance-process.ts';

type Page = Socket<ServerToClientEvents, ClientToServerEvents>;

const ANSWER_LIMIT_MS = 10_000;

/** Pages as far as the server can tell: each hears every event. */
export class OpenPages {
  readonly #pages: Page[] = [];
  heardEvents = 0;

  static async open({ url, token }: ApplianceProcess, count: number): Promise<OpenPages> {
    const opened = new OpenPages();
    for (let k = 0; k < count; k += 1) await opened.#open(url, token);
    return opened;
  }

  close(): void {
    for (const page of this.#pages.splice(0)) page.disconnect();
  }

  async #open(url: string, token: string): Promise<void> {
    const page: Page = io(url, {
      extraHeaders: { authorization: `Bearer ${token}` },
      transports: ['websocket'],
      forceNew: true,
    });
    this.#pages.push(page);
    page.on('events', (envelopes) => (this.heardEvents += envelopes.length));
    const answer = await page.timeout(ANSWER_LIMIT_MS).emitWithAck('subscribe', {});
    if (!answer.ok) throw new Error(answer.message);
  }
}
