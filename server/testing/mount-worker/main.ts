import { createHash } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type {
  FoundAttributes,
  MountAnswer,
  MountCall,
  TimesCall,
  WorkerAnswer,
  WorkerRequest,
} from '../mount-worker.ts';

type Result = Pick<MountAnswer, 'doneBytes' | 'found'>;

/** Carries one call out below `root`. */
async function carryOut(root: string, call: MountCall): Promise<Result> {
  const at = (path: string) => join(root, path);
  switch (call.call) {
    case 'create':
      return fs.open(at(call.path), call.replace ? 'w' : 'wx', call.mode).then(closed);
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
      return (call.ofLink ? fs.lchown : fs.chown)(at(call.path), call.uid, call.gid).then(nothing);
    case 'times':
      return setTimes(at(call.path), call);
    case 'read':
      return fs.readFile(at(call.path)).then(contentFound);
    case 'list':
      return fs
        .readdir(at(call.path))
        .then((names) => ({ doneBytes: names.length, found: names.toSorted() }));
    case 'stat':
      return fs.stat(at(call.path)).then(attributesFound);
    case 'lstat':
      return fs.lstat(at(call.path)).then(attributesFound);
    case 'readlink':
      return fs.readlink(at(call.path)).then((found) => ({ found }));
  }
}

function nothing(): Result {
  return {};
}

function contentFound(bytes: Buffer): Result {
  return { doneBytes: bytes.length, found: createHash('sha256').update(bytes).digest('hex') };
}

function attributesFound(stats: Stats): Result {
  const { mode, uid, gid, nlink, size, mtimeMs, ino } = stats;
  const kind = kindOf(stats);
  const sizeBytes = kind === 'directory' ? 0 : size;
  return {
    found: { kind, mode: mode & 0o7777, uid, gid, links: nlink, sizeBytes, mtimeMs, inode: ino },
  };
}

function kindOf(stats: Stats): FoundAttributes['kind'] {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : 'other';
}

function setTimes(path: string, call: TimesCall): Promise<Result> {
  const set = call.ofLink ? fs.lutimes : fs.utimes;
  return set(path, call.mtimeSeconds, call.mtimeSeconds).then(nothing);
}

async function closed(handle: fs.FileHandle): Promise<Result> {
  await handle.close();
  return {};
}

/** One write(2): what it doesn't take is not tried again. */
async function write(
  path: string,
  flags: number,
  { offset, sizeBytes, fill }: { offset?: number; sizeBytes: number; fill: string },
): Promise<Result> {
  const handle = await fs.open(path, flags);
  try {
    const data = Buffer.alloc(sizeBytes, fill);
    return { doneBytes: (await handle.write(data, 0, sizeBytes, offset ?? null)).bytesWritten };
  } finally {
    await handle.close();
  }
}

async function answerTo({ id, root, call }: WorkerRequest): Promise<WorkerAnswer> {
  const startMs = performance.now();
  const elapsedMs = () => Math.round(performance.now() - startMs);
  try {
    const result = await carryOut(root, call);
    return { id, ok: true, elapsedMs: elapsedMs(), ...result };
  } catch (thrown) {
    return {
      id,
      ok: false,
      elapsedMs: elapsedMs(),
      errno: (thrown as NodeJS.ErrnoException).code ?? String(thrown),
    };
  }
}

// What new files get of their mode is then the same wherever the tests run.
process.umask(0o022);
createInterface({ input: process.stdin }).on('line', (line) => {
  void answerTo(JSON.parse(line) as WorkerRequest).then((answer) => {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  });
});
