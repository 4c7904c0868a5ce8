import { endianness } from 'node:os';
import { AppError } from '../../../base/errors.ts';

/** The kernel writes the machine's own byte order. */
const LITTLE = endianness() === 'LE';
const TWO_TO_32 = 2 ** 32;

/** How one field of a C structure is read and written. */
export interface Field<T> {
  readonly sizeBytes: number;
  read(view: DataView, at: number): T;
  write(view: DataView, at: number, value: T): void;
}

type Fields = Readonly<Record<string, Field<unknown>>>;
type NameOfValue<F extends Fields, K extends keyof F> = F[K] extends Field<undefined> ? never : K;
/** What a structure of these fields holds; what is skipped is left out. */
type Values<F extends Fields> = {
  readonly [K in keyof F as NameOfValue<F, K>]: F[K] extends Field<infer T> ? T : never;
};

/** A C structure: fields in order, laid out without gaps (the header pads explicitly). */
export interface Structure<T> extends Field<T> {
  readonly name: string;
  /** Where each field lies, by its name in the header. */
  readonly offsets: ReadonlyMap<string, number>;
}

export type ValueOf<S> = S extends Field<infer T> ? T : never;

export const u16: Field<number> = {
  sizeBytes: 2,
  read: (view, at) => view.getUint16(at, LITTLE),
  write: (view, at, value) => view.setUint16(at, value, LITTLE),
};

export const u32: Field<number> = {
  sizeBytes: 4,
  read: (view, at) => view.getUint32(at, LITTLE),
  write: (view, at, value) => view.setUint32(at, value, LITTLE),
};

export const i32: Field<number> = {
  sizeBytes: 4,
  read: (view, at) => view.getInt32(at, LITTLE),
  write: (view, at, value) => view.setInt32(at, value, LITTLE),
};

export const u64: Field<bigint> = {
  sizeBytes: 8,
  read: (view, at) => view.getBigUint64(at, LITTLE),
  write: (view, at, value) => view.setBigUint64(at, value, LITTLE),
};

export const i64: Field<bigint> = {
  sizeBytes: 8,
  read: (view, at) => view.getBigInt64(at, LITTLE),
  write: (view, at, value) => view.setBigInt64(at, value, LITTLE),
};

/** A 64-bit number that we gave out, or that counts up from 0: never above 2^53. */
export const id64: Field<number> = number64('INVALID_ARGUMENT');
/** A 64-bit offset or size in bytes; one that no number can hold is beyond every file. */
export const offset64: Field<number> = number64('FILE_TOO_LARGE');

/** Bytes that mean nothing to us: not read, written as zero. */
export function skipped(sizeBytes: number): Field<undefined> {
  return { sizeBytes, read: () => undefined, write: () => {} };
}

/** Declares a structure under its name in linux/fuse.h. */
export function structure<const F extends Fields>(name: string, fields: F): Structure<Values<F>> {
  const offsets = new Map<string, number>();
  const values: (readonly [string, Field<unknown>, number])[] = [];
  let sizeBytes = 0;
  for (const [field, codec] of Object.entries(fields)) {
    offsets.set(field, sizeBytes);
    values.push([field, codec, sizeBytes]);
    sizeBytes += codec.sizeBytes;
  }
  const read = (view: DataView, at: number) => {
    const result: Record<string, unknown> = {};
    for (const [field, codec, offset] of values) result[field] = codec.read(view, at + offset);
    return result as Values<F>;
  };
  const write = (view: DataView, at: number, value: Values<F>) => {
    const given: Readonly<Record<string, unknown>> = value;
    for (const [field, codec, offset] of values) codec.write(view, at + offset, given[field]);
  };
  return { name, sizeBytes, offsets, read, write };
}

/** The bytes of one structure. */
export function encoded<T>(layout: Structure<T>, value: T): Buffer {
  const bytes = Buffer.alloc(layout.sizeBytes);
  layout.write(viewOf(bytes), 0, value);
  return bytes;
}

export function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function number64(whenTooLarge: 'INVALID_ARGUMENT' | 'FILE_TOO_LARGE'): Field<number> {
  return {
    sizeBytes: 8,
    read: (view, at) => {
      const low = view.getUint32(LITTLE ? at : at + 4, LITTLE);
      const high = view.getUint32(LITTLE ? at + 4 : at, LITTLE);
      const value = low + high * TWO_TO_32;
      if (!Number.isSafeInteger(value)) throw new AppError(whenTooLarge);
      return value;
    },
    write: (view, at, value) => {
      view.setUint32(LITTLE ? at : at + 4, value % TWO_TO_32, LITTLE);
      view.setUint32(LITTLE ? at + 4 : at, Math.floor(value / TWO_TO_32), LITTLE);
    },
  };
}
