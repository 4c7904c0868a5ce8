import type { Client, ClientChannel } from 'ssh2';
import { doneWithin } from '../base/wait.ts';

const MOST_OUTPUT_BYTES = 64 * 1024;

/** A command on a channel of its own, closed when `signal` aborts; undefined where the server refuses it, or doesn't answer within `limitMs`. */
export function remoteChannel(
  client: Client,
  command: string,
  { limitMs, signal }: { limitMs: number; signal: AbortSignal },
): Promise<ClientChannel | undefined> {
  return new Promise((resolve) => {
    let isGivenUp = false;
    const giveUp = () => {
      isGivenUp = true;
      resolve(undefined);
    };
    signal.addEventListener('abort', giveUp, { once: true });
    const timer = setTimeout(giveUp, limitMs);
    try {
      client.exec(command, (error, channel) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', giveUp);
        if (!error && isGivenUp) channel.close();
        if (error || isGivenUp || signal.aborted) return resolve(undefined);
        const close = () => channel.emit('close');
        // A connection that was cut says nothing of its channels.
        signal.addEventListener('abort', close, { once: true });
        channel.once('close', () => signal.removeEventListener('abort', close));
        resolve(channel);
      });
    } catch {
      clearTimeout(timer);
      resolve(undefined);
    }
  });
}

/**
 * What a command prints; undefined where the server refuses it, or it fails, doesn't end within `limitMs` or prints more than
 * anybody asked for.
 */
export async function remoteCommand(
  client: Client,
  command: string,
  options: { input: string; limitMs: number; signal: AbortSignal },
): Promise<string | undefined> {
  const channel = await remoteChannel(client, command, options);
  if (!channel) return undefined;
  const printed = outputOf(channel);
  channel.end(options.input);
  if (await doneWithin(printed, options.limitMs)) return printed;
  channel.close();
  return undefined;
}

function outputOf(channel: ClientChannel): Promise<string | undefined> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = [];
    let bytes = 0;
    let code: unknown;
    channel.on('data', (piece: Buffer) => {
      bytes += piece.length;
      if (bytes <= MOST_OUTPUT_BYTES) pieces.push(piece);
      else channel.close();
    });
    channel.stderr.resume();
    channel.on('exit', (exitCode: unknown) => (code = exitCode));
    channel.on('error', () => resolve(undefined));
    channel.on('close', () => {
      const isWhole = code === 0 && bytes <= MOST_OUTPUT_BYTES;
      resolve(isWhole ? Buffer.concat(pieces).toString('latin1') : undefined);
    });
  });
}
