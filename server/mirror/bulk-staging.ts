import type { FileStat } from '../filesystem/file-tree.ts';
import type { Owner } from '../filesystem/operation.ts';
import { RemoteDialogue } from './remote-dialogue.ts';
import type { ReservedDirectory } from './reserved-directory.ts';
import { lstatOrMissing, toSftpTimes } from './sftp-attributes.ts';
import { tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import { readSmall } from './small-file.ts';
import { fitsTar, tarArchive, type TarEntry } from './tar-archive.ts';

/**
 * One program for many batches: the server's shell may take longer to start than a batch takes. The directory is the first
 * line of its input, so no shell has to be told where its name ends; then come batches, each behind its length.
 */
const unpacking = (options: string) =>
  'sh -c \'IFS= read -r at && cd -- "$at" && while IFS= read -r count; do ' +
  `head -c "$count" | tar -x -p ${options} -f - && echo done || exit 1; done'`;
const WITH_OWNERS = unpacking('--same-owner --numeric-owner');
const WITHOUT_OWNERS = unpacking('-o');

/** Larger ones fill a line by themselves. */
const LARGEST_BYTES = 64 * 1024;
/** So much goes together, and so many batches at once: one is unpacked while others are on their way. */
const MOST_FILES = 128;
const MOST_BYTES = 512 * 1024;
const FEWEST_FILES = 8;
const MOST_AT_ONCE = 8;
/** Until then others may join. */
const COLLECT_MS = 5;
/** Beyond what a request may take: so long a batch is on its way at 100 kB/s. */
const LIMIT_MS = 5000;
const SPECIAL_BITS = 0o7000;
const MODE_BITS = 0o7777;

export interface BulkFile {
  readonly content: Buffer;
  readonly stat: FileStat;
  /** undefined where owners aren't kept. */
  readonly owner: Owner | undefined;
}

interface Waiting {
  readonly at: string;
  readonly entry: TarEntry;
  readonly keepsOwner: boolean;
  readonly done: (isThere: boolean) => void;
}

/**
 * Many small files into the staging directory by the server's own `tar`, where the login may run programs: by SFTP each takes
 * three round trips and five requests. A first batch proves that they arrive as they should; after a failure none is tried
 * again in this session.
 */
export class BulkStaging {
  readonly #session: SftpSession;
  readonly #reserved: ReservedDirectory;
  #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;
  #atOnce = 0;
  #isProven = false;
  #isOff = false;
  #program: RemoteDialogue | undefined;

  constructor(session: SftpSession, reserved: ReservedDirectory) {
    this.#session = session;
    this.#reserved = reserved;
  }

  /** Its staged name once it is there with mode, mtime and owner; undefined where it is to be sent by itself. */
  async stage({ content, stat, owner }: BulkFile): Promise<string | undefined> {
    const at = this.#reserved.newStaged();
    const { mode, mtimeNs } = stat;
    const { uid, gid } = owner ?? { uid: 0, gid: 0 };
    const mtime = Number(toSftpTimes({ atimeNs: mtimeNs, mtimeNs }).mtime);
    const name = at.slice(this.#reserved.staging.length + 1);
    const entry: TarEntry = { name, mode: mode & MODE_BITS, uid, gid, mtime, content };
    const fits = content.length <= LARGEST_BYTES && (mode & SPECIAL_BITS) === 0 && fitsTar(entry);
    if (this.#isOff || !fits || this.#reserved.staging.includes('\n')) return undefined;
    const isThere = await new Promise<boolean>((done) => {
      this.#waiting.push({ at, entry, keepsOwner: owner !== undefined, done });
      if (this.#waiting.length >= MOST_FILES) this.#send();
      else this.#timer ??= setTimeout(() => this.#send(), COLLECT_MS);
    });
    return isThere ? at : undefined;
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isOff) return settle(this.#waiting.splice(0), false);
    // Until the first batch is back nothing is known.
    while (this.#waiting.length > 0 && this.#atOnce < (this.#isProven ? MOST_AT_ONCE : 1)) {
      const batch = this.#waiting.splice(0, countOf(this.#waiting));
      if (batch.length < FEWEST_FILES) settle(batch, false);
      else void this.#unpack(batch);
    }
  }

  async #unpack(batch: readonly Waiting[]): Promise<void> {
    this.#atOnce += 1;
    const isThere = await this.#unpacked(batch).catch(() => false);
    this.#atOnce -= 1;
    if (!isThere) this.#isOff = true;
    settle(batch, isThere);
    this.#send();
  }

  async #unpacked(batch: readonly Waiting[]): Promise<boolean> {
    const archive = tarArchive(batch.map(({ entry }) => entry));
    this.#program ??= this.#programFor(batch[0]?.keepsOwner ?? false);
    await this.#session.bytes.take(archive.length);
    const sentAtMs = performance.now();
    const answer = await this.#program.ask(String(archive.length), archive);
    this.#session.bytes.give(archive.length, performance.now() - sentAtMs);
    if (answer === 'done' && (this.#isProven || (await this.#areRight(batch)))) {
      this.#isProven = true;
      return true;
    }
    await Promise.all(batch.map(({ at }) => tried(this.#session.remove(at))));
    return false;
  }

  #programFor(keepsOwner: boolean): RemoteDialogue {
    const start = async () => {
      const channel = await this.#session.start(keepsOwner ? WITH_OWNERS : WITHOUT_OWNERS);
      channel?.write(`${this.#reserved.staging}\n`);
      return channel;
    };
    return new RemoteDialogue(start, this.#session.timeoutMs + LIMIT_MS);
  }

  /** By SFTP: that a shell works in the same directory, and what this tar makes of modes, times and owners. */
  async #areRight(batch: readonly Waiting[]): Promise<boolean> {
    const right = batch.map(async ({ at, entry, keepsOwner }) => {
      const found = await lstatOrMissing(this.#session, at);
      return (
        found?.size === entry.content.length &&
        ((found.mode ?? 0) & MODE_BITS) === entry.mode &&
        found.mtime === entry.mtime &&
        (!keepsOwner || (found.uid === entry.uid && found.gid === entry.gid))
      );
    });
    const contents = batch.slice(0, FEWEST_FILES).map(async ({ at, entry }) => {
      const there = await readSmall(this.#session, at, LARGEST_BYTES + 1);
      return there?.equals(entry.content) ?? false;
    });
    return (await Promise.all([...right, ...contents])).every(Boolean);
  }
}

/** How many of them make a batch. */
function countOf(waiting: readonly Waiting[]): number {
  let bytes = 0;
  const tooMuch = waiting.findIndex(({ entry }) => (bytes += entry.content.length) > MOST_BYTES);
  return Math.min(MOST_FILES, tooMuch < 0 ? waiting.length : Math.max(1, tooMuch));
}

function settle(batch: readonly Waiting[], isThere: boolean): void {
  for (const { done } of batch) done(isThere);
}
