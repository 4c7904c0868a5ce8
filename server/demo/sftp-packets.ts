import { MalformedPacket, MAX_PACKET_BYTES } from './sftp-wire.ts';

const LENGTH_BYTES = 4;

/** Cuts a stream of bytes into packets, without their length; holds no more than one packet and one chunk. */
export async function* packetsOf(chunks: AsyncIterable<unknown>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let wantedBytes = LENGTH_BYTES;
  for await (const chunk of chunks) {
    if (!Buffer.isBuffer(chunk)) throw new MalformedPacket('a stream of something else than bytes');
    pending.push(chunk);
    pendingBytes += chunk.length;
    while (pendingBytes >= wantedBytes) {
      const joined = pending.length === 1 && pending[0] ? pending[0] : Buffer.concat(pending);
      wantedBytes = LENGTH_BYTES + bodyLength(joined);
      const complete = joined.length >= wantedBytes;
      if (complete) yield joined.subarray(LENGTH_BYTES, wantedBytes);
      const rest = complete ? joined.subarray(wantedBytes) : joined;
      pending = rest.length > 0 ? [rest] : [];
      pendingBytes = rest.length;
      if (complete) wantedBytes = LENGTH_BYTES;
    }
  }
}

function bodyLength(packet: Buffer): number {
  const length = packet.readUInt32BE();
  if (length === 0 || length > MAX_PACKET_BYTES) throw new MalformedPacket(`a packet of ${length} bytes`);
  return length;
}
