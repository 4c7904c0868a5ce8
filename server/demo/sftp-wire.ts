/**
 * The bytes of SFTP version 3 (draft-ietf-secsh-filexfer-02 and OpenSSH's PROTOCOL). Names on the wire are
 * bytes: they are kept as strings with one character per byte (latin1), so a name that is not UTF-8 survives.
 */
export type ByteText = string;

export const PACKET = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  lstat: 7,
  fstat: 8,
  setstat: 9,
  fsetstat: 10,
  opendir: 11,
  readdir: 12,
  remove: 13,
  mkdir: 14,
  rmdir: 15,
  realpath: 16,
  stat: 17,
  rename: 18,
  readlink: 19,
  symlink: 20,
  status: 101,
  handle: 102,
  data: 103,
  name: 104,
  attributes: 105,
  extended: 200,
  extendedReply: 201,
} as const;

/** The largest packet that OpenSSH takes, and the most it reads or writes by one request. */
export const MAX_PACKET_BYTES = 256 * 1024;
export const MAX_TRANSFER_BYTES = MAX_PACKET_BYTES - 1024;

/** A packet that ends before its fields do, or is larger than allowed: the session can't go on. */
export class MalformedPacket extends Error {
  override readonly name = 'MalformedPacket';
}

export function byteText(text: string): ByteText {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function bytesOf(text: ByteText): Buffer {
  return Buffer.from(text, 'latin1');
}

/** Reads the fields of one packet in order. */
export class PacketReader {
  readonly #packet: Buffer;
  #position = 0;

  constructor(packet: Buffer) {
    this.#packet = packet;
  }

  byte(): number {
    return this.#take(1).readUInt8();
  }

  uint32(): number {
    return this.#take(4).readUInt32BE();
  }

  uint64(): number {
    return Number(this.#take(8).readBigUInt64BE());
  }

  bytes(): Buffer {
    return this.#take(this.uint32());
  }

  text(): ByteText {
    return this.bytes().toString('latin1');
  }

  #take(lengthBytes: number): Buffer {
    const end = this.#position + lengthBytes;
    if (end > this.#packet.length) throw new MalformedPacket('a packet is shorter than its fields');
    const field = this.#packet.subarray(this.#position, end);
    this.#position = end;
    return field;
  }
}

export function uint32Field(value: number): Buffer {
  const field = Buffer.allocUnsafe(4);
  field.writeUInt32BE(value >>> 0);
  return field;
}

export function uint64Field(value: number | bigint): Buffer {
  const field = Buffer.allocUnsafe(8);
  field.writeBigUInt64BE(BigInt.asUintN(64, BigInt(value)));
  return field;
}

export function bytesField(bytes: Buffer): Buffer {
  return Buffer.concat([uint32Field(bytes.length), bytes]);
}

export function textField(text: ByteText): Buffer {
  return bytesField(bytesOf(text));
}

/** One whole packet with its length in front. */
export function encodePacket(type: number, fields: readonly Buffer[]): Buffer {
  const body = fields.reduce((sum, field) => sum + field.length, 1);
  return Buffer.concat([uint32Field(body), Buffer.of(type), ...fields]);
}
