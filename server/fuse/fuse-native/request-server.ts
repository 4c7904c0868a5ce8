import { asAppError } from '../../base/errors.ts';
import type { Logger } from '../../base/logger.ts';
import { errnoOf } from '../../filesystem/errno.ts';
import type { NativeBinding, NativeRequest } from './native-binding.ts';
import type { NativeOperations, Reply } from './native-operations.ts';
import { NO_ATTRIBUTES, NO_STATISTICS } from './native-values.ts';
import type { ReplacedFiles } from './replaced-files.ts';

type Operation = keyof NativeOperations;
type NativeHandler = (request: NativeRequest, opcode: number, ...args: never[]) => void;

/** Every operation that the driver implements, with what the C side reads besides the errno when it failed. */
const FAILURE_VALUES: Record<Operation, (args: readonly unknown[]) => readonly unknown[]> = {
  getattr: () => [NO_ATTRIBUTES],
  fgetattr: () => [NO_ATTRIBUTES],
  statfs: () => [NO_STATISTICS],
  readlink: () => [''],
  readdir: () => [[], []],
  open: () => [0],
  read: (args) => [0, bufferOf(args)],
  write: (args) => [0, bufferOf(args)],
  fsyncdir: () => [],
  fsync: () => [],
  release: () => [],
  truncate: () => [],
  ftruncate: () => [],
  chmod: () => [],
  chown: () => [],
  utimens: () => [],
  mknod: () => [],
  mkdir: () => [],
  symlink: () => [],
  link: () => [],
  unlink: () => [],
  rmdir: () => [],
  rename: () => [],
};

/** fuse-native.c has as many slots for handlers. */
const OPCODES = 35;

/** Takes the requests of libfuse's threads and answers each exactly once; until then its thread is blocked. */
export class RequestServer {
  readonly #operations: NativeOperations;
  readonly #replaced: ReplacedFiles;
  readonly #logger: Logger;
  #underWay = 0;
  readonly #whenIdle = new Set<() => void>();

  constructor(operations: NativeOperations, replaced: ReplacedFiles, logger: Logger) {
    this.#operations = operations;
    this.#replaced = replaced;
    this.#logger = logger;
  }

  /** What the native mount wants; `ready` resolves with the kernel's first request. */
  connect(binding: NativeBinding) {
    const handlers = Array.from<NativeHandler>({ length: OPCODES - 1 }).fill(() => {});
    const implemented = new Uint32Array(OPCODES);
    const install = (operation: string, handler: NativeHandler) => {
      const opcode = binding.opcodeOf(operation);
      handlers[opcode] = handler;
      implemented[opcode] = 1;
    };
    for (const operation of Object.keys(FAILURE_VALUES) as Operation[]) {
      const signal = binding.signalOf(operation);
      install(operation, (request, _opcode, ...args) => {
        // Answering throws only where the C side can't read our values: a bug, which must end the process
        // (and so the mount) rather than leave a caller blocked for ever.
        void this.#answer(operation, request, args).then((reply) => signal(request, ...reply));
      });
    }
    const signalInit = binding.signalOf('init');
    const ready = new Promise<void>((resolve) => {
      install('init', (request) => {
        signalInit(request, 0);
        resolve();
      });
    });
    return { handlers, implemented, ready };
  }

  /** Whether nothing is under way, now or before the limit. */
  idleWithin(limitMs: number): Promise<boolean> {
    if (this.#underWay === 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const onIdle = () => {
        clearTimeout(timer);
        this.#whenIdle.delete(onIdle);
        resolve(this.#underWay === 0);
      };
      const timer = setTimeout(onIdle, limitMs);
      this.#whenIdle.add(onIdle);
    });
  }

  /** Never rejects: an unanswered request would block its caller for ever. */
  async #answer(operation: Operation, request: NativeRequest, args: never[]): Promise<Reply> {
    this.#underWay++;
    try {
      if (operation !== 'rename') this.#replaced.otherRequest(request);
      const serve: (request: NativeRequest, ...args: never[]) => Promise<Reply> = this.#operations[operation];
      return await serve.call(this.#operations, request, ...args);
    } catch (thrown) {
      const error = asAppError(thrown);
      if (error.code === 'BUG') this.#logger.error('request-failed', { operation, error });
      return [-errnoOf(error), ...FAILURE_VALUES[operation](args)];
    } finally {
      this.#underWay--;
      if (this.#underWay === 0) for (const onIdle of this.#whenIdle) onIdle();
    }
  }
}

function bufferOf(args: readonly unknown[]): ArrayBufferLike | undefined {
  return args.find((arg) => Buffer.isBuffer(arg))?.buffer;
}
