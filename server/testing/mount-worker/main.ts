import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { MountCall, WorkerAnswer, WorkerRequest } from '../mount-worker.ts';

/** Carries one call out below `root`; answers how many bytes a write has taken. */
async function carryOut(root: string, call: MountCall): Promise<number | undefined> {
  const at = (path: string) => join(root, path);
  switch (call.call) {
    case 'create':
      return fs.open(at(call.path), 'wx', call.mode).then(closed);
    case 'write':
      return write(at(call.path), constants.O_WRONLY, call);
    case 'append':
      return write(at(call.path), constants.O_WRONLY | constants.O_APPEND, call);
    case 'truncate':
      return fs.truncate(at(call.path), call.sizeBytes).then(nothing);
    case 'mkdir':
      return fs.mkdir(at(call.path), call.mode).then(nothing);
    case 'unlink':
      return fs.unlink(at(call.path)).then(nothing);
    case 'rmdir':
      return fs.rmdir(at(call.path)).then(nothing);
    case 'rename':
      return fs.rename(at(call.path), at(call.to)).then(nothing);
    case 'link':
      return fs.link(at(call.path), at(call.to)).then(nothing);
    case 'symlink':
      return fs.symlink(call.target, at(call.path)).then(nothing);
    case 'chmod':
      return fs.chmod(at(call.path), call.mode).then(nothing);
    case 'chown':
      return fs.chown(at(call.path), call.uid, call.gid).then(nothing);
    case 'times':
      return fs.utimes(at(call.path), call.mtimeSeconds, call.mtimeSeconds).then(nothing);
    case 'read':
      return fs.readFile(at(call.path)).then(({ length }) => length);
    case 'list':
      return fs.readdir(at(call.path)).then(({ length }) => length);
  }
}

function nothing(): undefined {
  return undefined;
}

async function closed(handle: fs.FileHandle): Promise<undefined> {
  await handle.close();
  return undefined;
}

/** One write(2): what it doesn't take is not tried again. */
async function write(
  path: string,
  flags: number,
  { offset, sizeBytes, fill }: { offset?: number; sizeBytes: number; fill: string },
): Promise<number> {
  const handle = await fs.open(path, flags);
  try {
    return (await handle.write(Buffer.alloc(sizeBytes, fill), 0, sizeBytes, offset ?? null)).bytesWritten;
  } finally {
    await handle.close();
  }
}

async function answerTo({ id, root, call }: WorkerRequest): Promise<WorkerAnswer> {
  const startMs = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startMs);
  try {
    const doneBytes = await carryOut(root, call);
    return { id, ok: true, elapsedMs: elapsedMs(), ...(doneBytes !== undefined && { doneBytes }) };
  } catch (thrown) {
    return {
      id,
      ok: false,
      elapsedMs: elapsedMs(),
      errno: (thrown as NodeJS.ErrnoException).code ?? String(thrown),
    };
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  void answerTo(JSON.parse(line) as WorkerRequest).then((answer) => {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
});
