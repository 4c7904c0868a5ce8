import type { ClientChannel } from 'ssh2';

/** What the program begins each answer with: the login's shell may print things of its own. */
export const ANSWER = 'proxyfs:';
/** So long it stays when nobody asks. */
const IDLE_MS = 5000;
const MOST_ANSWER_CHARS = 1000;

type Answer = (line: string | undefined) => void;

/**
 * A program on the server that answers each line with one, behind `ANSWER`, started when first asked and ended when nobody asks any more: starting
 * one takes longer than hundreds of answers. Where it doesn't start or answer, the answers are undefined.
 */
export class RemoteDialogue {
  readonly #start: () => Promise<ClientChannel | undefined>;
  readonly #limitMs: number;
  readonly #opening: string;
  #channel: Promise<ClientChannel | undefined> | undefined;
  /** The one that is listened to: what another one says late is no answer to what was asked since. */
  #current: ClientChannel | undefined;
  #waiting: Answer[] = [];
  #busy = 0;
  #isOpened = false;
  #rest = '';
  #timer: NodeJS.Timeout | undefined;

  /** `opening` goes before the first line, and isn't answered. */
  constructor(start: () => Promise<ClientChannel | undefined>, limitMs: number, opening = '') {
    this.#start = start;
    this.#limitMs = limitMs;
    this.#opening = opening;
  }

  /** How many answers are waited for. */
  get busy(): number {
    return this.#busy;
  }

  /** Starts it before it is asked; false where it doesn't start. */
  async begin(): Promise<boolean> {
    return (await this.#started()) !== undefined;
  }

  /** One line, without its end, and what the program reads by itself after it. */
  async ask(line: string, payload?: Buffer): Promise<string | undefined> {
    this.#busy += 1;
    try {
      const channel = await this.#started();
      return channel && (await this.#answer(channel, line, payload));
    } finally {
      this.#busy -= 1;
    }
  }

  /** undefined also where it has ended meanwhile. */
  async #started(): Promise<ClientChannel | undefined> {
    this.#channel ??= this.#begin();
    const begun = this.#channel;
    const channel = await begun;
    return this.#channel === begun ? channel : undefined;
  }

  #answer(channel: ClientChannel, line: string, payload: Buffer | undefined): Promise<string | undefined> {
    return new Promise((answer) => {
      this.#waiting.push(answer);
      channel.write(`${this.#isOpened ? '' : this.#opening}${line}\n`);
      this.#isOpened = true;
      if (payload) channel.write(payload);
      this.#watch(channel);
    });
  }

  async #begin(): Promise<ClientChannel | undefined> {
    const channel = await this.#start();
    this.#current = channel;
    this.#isOpened = false;
    channel?.on('data', (piece: Buffer) => this.#hear(channel, piece.toString('latin1')));
    channel?.stderr.resume();
    channel?.on('error', () => this.#end(channel));
    channel?.on('close', () => this.#end(channel));
    if (channel) this.#watch(channel);
    else this.#channel = undefined;
    return channel;
  }

  #hear(channel: ClientChannel, text: string): void {
    if (channel !== this.#current) return;
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const at = line.lastIndexOf(ANSWER);
      if (at >= 0) this.#waiting.shift()?.(line.slice(at + ANSWER.length));
    }
    if (this.#rest.length > MOST_ANSWER_CHARS) this.#end(channel);
    else this.#watch(channel);
  }

  #watch(channel: ClientChannel): void {
    clearTimeout(this.#timer);
    const ms = this.#waiting.length > 0 ? this.#limitMs : IDLE_MS;
    this.#timer = setTimeout(() => this.#end(channel), ms);
    this.#timer.unref();
  }

  #end(channel: ClientChannel): void {
    if (channel !== this.#current) return;
    clearTimeout(this.#timer);
    channel.close();
    this.#current = undefined;
    this.#channel = undefined;
    this.#rest = '';
    for (const answer of this.#waiting.splice(0)) answer(undefined);
  }
}
