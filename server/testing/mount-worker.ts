import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { typeScriptArguments } from './typescript-child.ts';

/** One system call, or the few that belong together, on paths below a root. */
export type MountCall = ChangingCall | LookingCall;

export type ChangingCall =
  | CreateCall
  | WriteCall
  | { readonly call: 'append'; readonly path: string; readonly sizeBytes: number; readonly fill: string }
  | { readonly call: 'truncate'; readonly path: string; readonly sizeBytes: number }
  | { readonly call: 'mkdir'; readonly path: string; readonly mode?: number }
  | { readonly call: 'unlink' | 'rmdir'; readonly path: string }
  | { readonly call: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly call: 'symlink'; readonly path: string; readonly target: string }
  | { readonly call: 'chmod'; readonly path: string; readonly mode: number }
  | ChownCall
  | TimesCall;

/** Their answers say what was found. */
export interface LookingCall {
  readonly call: 'read' | 'list' | 'stat' | 'lstat' | 'readlink';
  readonly path: string;
}

export interface CreateCall {
  readonly call: 'create';
  readonly path: string;
  readonly mode?: number;
  /** Empties the file that is there already, instead of refusing. */
  readonly replace?: boolean;
}

export interface ChownCall {
  readonly call: 'chown';
  readonly path: string;
  readonly uid: number;
  readonly gid: number;
  /** Of the symlink itself. */
  readonly ofLink?: boolean;
}

export interface TimesCall {
  readonly call: 'times';
  readonly path: string;
  readonly mtimeSeconds: number;
  /** Of the symlink itself. */
  readonly ofLink?: boolean;
}

export interface WriteCall {
  readonly call: 'write';
  readonly path: string;
  readonly offset: number;
  readonly sizeBytes: number;
  readonly fill: string;
}

/** What came of a call; the time is the calling process's own. */
export interface MountAnswer {
  readonly ok: boolean;
  readonly elapsedMs: number;
  /** `EIO` and the like; absent where it is ok. */
  readonly errno?: string;
  /** Bytes that a write took or a read gave, entries of a listing. */
  readonly doneBytes?: number;
  /** The hash of the bytes, the names, the attributes or the target. */
  readonly found?: Found;
}

export type Found = string | readonly string[] | FoundAttributes;

export interface FoundAttributes {
  readonly kind: 'file' | 'directory' | 'symlink' | 'other';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly links: number;
  /** 0 for directories, whose size is the disk's own affair. */
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly inode: number;
}

export interface WorkerRequest {
  readonly id: number;
  readonly root: string;
  readonly call: MountCall;
}
export type WorkerAnswer = MountAnswer & { readonly id: number };

const ANSWER_LIMIT_MS = 60_000;
/** Calls that may be under way at once: each holds one of the child's threads. */
const THREADS = 64;

/** One long-living child that does file-system calls in a mount, since the process of a test may not hang there. */
export class MountWorker {
  readonly #waiting = new Map<number, (answer: MountAnswer) => void>();
  #child: ChildProcessByStdio<Writable, Readable, null> | undefined;
  #nextId = 1;

  start(): void {
    const program = new URL('./mount-worker/main.ts', import.meta.url);
    const child = spawn(process.execPath, typeScriptArguments(program), {
      cwd: '/',
      env: { ...process.env, UV_THREADPOOL_SIZE: String(THREADS) },
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.on('error', () => {});
    createInterface({ input: child.stdout }).on('line', (line) => {
      const { id, ...answer } = JSON.parse(line) as WorkerAnswer;
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
    this.#child = child;
  }

  /** Does one call below `root`; any number may be under way. */
  async call(root: string, call: MountCall): Promise<MountAnswer> {
    const child = this.#child;
    if (!child) throw new Error('the worker was not started');
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const limit = setTimeout(() => {
        reject(new Error(`no answer within ${ANSWER_LIMIT_MS} ms: ${JSON.stringify(call)} below ${root}`));
      }, ANSWER_LIMIT_MS);
      this.#waiting.set(id, (answer) => {
        clearTimeout(limit);
        resolve(answer);
      });
      const request: WorkerRequest = { id, root, call };
      child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  }

  /** Ends it, whatever it is doing; a call that hangs in a mount ends with the mount. */
  stop(): void {
    this.#child?.kill('SIGKILL');
    this.#child = undefined;
  }
}
