import { getSystemErrorName } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import koffi from 'koffi';
import { invariant } from '../../base/errors.ts';
import { Wakefulness } from './wakefulness.ts';

/** uv.h: uv_handle_type, and a bit of uv_poll_event */
const UV_POLL = 8;
const UV_READABLE = 1;

const libuv = koffi.load(null);
koffi.proto('void OnPoll(void *handle, int status, int events)');
koffi.proto('void OnClosed(void *handle)');
const defaultLoop = libuv.func('void *uv_default_loop()');
const handleSizeBytes = libuv.func('size_t uv_handle_size(int type)');
const pollInit = libuv.func('int uv_poll_init(void *loop, void *handle, int fd)');
const pollStart = libuv.func('int uv_poll_start(void *handle, int events, OnPoll *callback)');
const pollStop = libuv.func('int uv_poll_stop(void *handle)');
const closeHandle = libuv.func('void uv_close(void *handle, OnClosed *callback)');

/**
 * When a descriptor has something to read, as Node's own event loop hears it from the kernel (uv_poll_t of libuv, whose
 * C interface Node hands on to addons). Node itself watches sockets and pipes only, and reads of anything else by its
 * thread pool: two wake-ups of other threads for each message, which take longer than what most messages ask for.
 * For the main thread, whose loop is the default one.
 */
export class Readiness {
  readonly #descriptor: number;
  readonly #onPoll = koffi.register(
    (_handle: unknown, status: number) => this.#polled(status),
    koffi.pointer('OnPoll'),
  );
  #handle: unknown;
  #isWatching = false;
  readonly #waiting: (() => void)[] = [];
  readonly #wakefulness = new Wakefulness();

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  /**
   * Resolves when there is something to read, for one of those who wait; or an error to be told by read(2), for all of them.
   * The descriptor doesn't block from now on.
   */
  async wait(): Promise<void> {
    this.#handle ??= handleOf(this.#descriptor);
    if (!this.#isWatching) check('uv_poll_start', pollStart(this.#handle, UV_READABLE, this.#onPoll));
    this.#isWatching = true;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Before the descriptor is closed; nobody may wait any more. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    if (handle !== undefined) await closed(handle);
    koffi.unregister(this.#onPoll);
  }

  /** ORDER: what libuv calls runs outside of Node's turns; promises would go on only with the next event. */
  #polled(status: number): void {
    const told = status < 0 ? this.#waiting.splice(0) : this.#waiting.splice(0, 1);
    for (const resolve of told) setImmediate(resolve);
    this.#wakefulness.arrived();
    // It stays readable until somebody reads; after an error libuv has stopped by itself.
    if (told.length === 0) pollStop(this.#handle);
    if (told.length === 0 || status < 0) this.#isWatching = false;
  }
}

function handleOf(descriptor: number): unknown {
  invariant(isMainThread, 'the default loop is used by its own thread');
  const handle: unknown = koffi.alloc('char', Number(handleSizeBytes(UV_POLL)));
  check('uv_poll_init', pollInit(defaultLoop(), handle, descriptor));
  return handle;
}

/** Its memory is libuv's until it says so. */
async function closed(handle: unknown): Promise<void> {
  let onClosed: bigint | undefined;
  await new Promise<void>((resolve) => {
    onClosed = koffi.register(() => setImmediate(resolve), koffi.pointer('OnClosed'));
    closeHandle(handle, onClosed);
  });
  if (onClosed !== undefined) koffi.unregister(onClosed);
  koffi.free(handle);
}

function check(call: string, result: unknown): void {
  if (result === 0) return;
  const code = getSystemErrorName(Number(result));
  throw Object.assign(new Error(`${code}: ${call}`), { code });
}
