import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { AppError } from '../../base/errors.ts';

/** The native request structure of the thread that asks; its identity is the thread's. */
export type NativeRequest = Buffer;

type NativeHandler = (request: NativeRequest, opcode: number, ...args: never[]) => void;
type Signal = (request: NativeRequest, result: number, ...args: unknown[]) => void;

/** The native half of the package, as its fuse-native.c exports it. */
export interface NativeBinding {
  readonly sizeof_fuse_thread_t: number;
  fuse_native_mount(
    mountPoint: string,
    options: string,
    thread: Buffer,
    receiver: object,
    allocate: (sizeBytes: number) => Buffer,
    handlers: readonly NativeHandler[],
    implemented: Uint32Array,
  ): void;
  fuse_native_unmount(mountPoint: string, thread: Buffer): void;
  opcodeOf(operation: string): number;
  signalOf(operation: string): Signal;
}

type Exports = Omit<NativeBinding, 'opcodeOf' | 'signalOf'> & Readonly<Record<string, unknown>>;

/**
 * Loads the native half of the npm package fuse-native. Its JavaScript half is left out: it hands the atime to
 * both arguments of utimens, limits every operation to 15 s, passes no `big_writes`, cuts times and inodes its
 * own way and unmounts through a shell. Rejects with MOUNT_FAILED, naming what has to be installed.
 */
export async function loadBinding(): Promise<NativeBinding> {
  try {
    const packageFile = createRequire(import.meta.url).resolve('fuse-native/package.json');
    const load: unknown = createRequire(packageFile)('node-gyp-build');
    if (typeof load !== 'function') throw new TypeError('node-gyp-build is not a function');
    const exports: unknown = load(dirname(packageFile));
    return withLookups(exports as Exports);
  } catch (cause) {
    const message =
      'the fuse-native driver needs the npm package fuse-native (linux-x64) and the library libfuse.so.2 (Debian: libfuse2)';
    throw new AppError('MOUNT_FAILED', message, { cause });
  }
}

function withLookups(exports: Exports): NativeBinding {
  const lookup = (name: string): unknown => {
    const found = exports[name];
    if (found === undefined) throw new AppError('MOUNT_FAILED', `fuse-native lacks ${name}`);
    return found;
  };
  return Object.assign(Object.create(exports) as Exports, {
    opcodeOf: (operation: string) => lookup(`op_${operation}`) as number,
    signalOf: (operation: string) => lookup(`fuse_native_signal_${operation}`) as Signal,
  });
}
