import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { OpenHandles } from './open-handles.ts';
import type { Verdict } from './request-verdict.ts';
import type { ServedDirectory } from './served-directory.ts';
import { packetsOf } from './sftp-packets.ts';
import { type PreparedRequest, type Reply, type RequestContext, statusReply } from './sftp-reply.ts';
import {
  type ExtensionName,
  extensionVersion,
  prepareOf,
  type RequestKind,
  requestKind,
} from './sftp-requests.ts';
import { STATUS, statusOf } from './sftp-status.ts';
import {
  byteText,
  encodePacket,
  MalformedPacket,
  PACKET,
  PacketReader,
  textField,
  uint32Field,
} from './sftp-wire.ts';

const PROTOCOL_VERSION = 3;

export interface SftpSessionOptions {
  readonly served: ServedDirectory;
  readonly extensions: readonly ExtensionName[];
  readonly symlinkTargetFirst: boolean;
  /** `path` as seen from the served directory. */
  judge(kind: RequestKind, path: string | undefined): Verdict | Promise<Verdict>;
  /** Resolves when channel or connection have ended; the channel itself says so only once it is read to its end. */
  readonly closed: Promise<void>;
  /** Resets the connection that the session runs on. */
  disconnect(): void;
}

/** One SFTP session over one channel: its requests are worked off strictly in order, as OpenSSH does. */
export class SftpSession {
  readonly #channel: Duplex & { close(): void };
  readonly #options: SftpSessionOptions;
  readonly #context: RequestContext;
  #ending = false;

  constructor(channel: Duplex & { close(): void }, options: SftpSessionOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#context = {
      served: options.served,
      handles: new OpenHandles(),
      symlinkTargetFirst: options.symlinkTargetFirst,
    };
  }

  /** Resolves when the session has ended and all it had open is closed. */
  async serve(): Promise<void> {
    // A reply to a client that is gone already; the end of the channel's data ends the session.
    this.#channel.on('error', () => {});
    try {
      for await (const packet of packetsOf(this.#channel)) {
        await this.#handle(packet);
        if (this.#ending) break;
      }
    } catch (thrown) {
      // A client that breaks the protocol or the connection ends its own session, nothing else.
      if (!(thrown instanceof MalformedPacket) && !this.#channel.destroyed) this.#options.disconnect();
    } finally {
      this.#channel.close();
      await this.#context.handles.closeAll();
    }
  }

  async #handle(packet: Buffer): Promise<void> {
    const fields = new PacketReader(packet);
    const type = fields.byte();
    if (type === PACKET.init) return this.#send(versionPacket(this.#options.extensions));
    const id = fields.uint32();
    const kind = requestKind(type, fields, this.#options.extensions);
    if (!kind) return this.#reply(id, statusReply(STATUS.unsupported));
    const prepared = prepareOf(kind)(fields, this.#context);
    const { path } = prepared;
    const shown = path === undefined ? undefined : this.#options.served.shown(path);
    await this.#carryOut(id, prepared, await this.#options.judge(kind, shown));
  }

  async #carryOut(id: number, prepared: PreparedRequest, verdict: Verdict): Promise<void> {
    if (typeof verdict === 'object') return this.#reply(id, statusReply(verdict.status));
    switch (verdict) {
      case 'drop':
        return;
      case 'hang':
        return this.#options.closed;
      case 'close':
      case 'disconnect':
        return this.#end(verdict);
      case 'serve':
        return this.#reply(id, await outcome(prepared));
      case 'drop-reply':
        await outcome(prepared);
        return;
      case 'serve-then-close':
      case 'serve-then-disconnect':
        await outcome(prepared);
        return this.#end(verdict === 'serve-then-close' ? 'close' : 'disconnect');
    }
  }

  #end(how: 'close' | 'disconnect'): void {
    this.#ending = true;
    if (how === 'disconnect') this.#options.disconnect();
    else this.#channel.close();
  }

  #reply(id: number, reply: Reply): Promise<void> {
    return this.#send(encodePacket(reply.type, [uint32Field(id), ...reply.fields]));
  }

  /** Waits while the client doesn't read, so that replies don't pile up. */
  async #send(packet: Buffer): Promise<void> {
    if (this.#channel.write(packet)) return;
    await Promise.race([once(this.#channel, 'drain'), this.#options.closed]);
  }
}

async function outcome(prepared: PreparedRequest): Promise<Reply> {
  return prepared.run().catch((thrown: unknown) => statusReply(statusOf(thrown)));
}

function versionPacket(extensions: readonly ExtensionName[]): Buffer {
  const announced = extensions.flatMap((name) => [
    textField(byteText(name)),
    textField(extensionVersion(name)),
  ]);
  return encodePacket(PACKET.version, [uint32Field(PROTOCOL_VERSION), ...announced]);
}
