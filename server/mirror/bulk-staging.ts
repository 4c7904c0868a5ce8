import type { FileStat } from '../filesystem/file-tree.ts';
import type { Owner } from '../filesystem/operation.ts';
import { ANSWER, RemoteDialogue } from './remote-dialogue.ts';
import type { ReservedDirectory } from './reserved-directory.ts';
import { lstatOrMissing, toSftpTimes, typeOf } from './sftp-attributes.ts';
import { type SftpAttributes, tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import { readSmall } from './small-file.ts';
import { fitsTar, tarArchive, type TarEntry } from './tar-archive.ts';

/**
 * One program for many batches: the server's shell may take longer to start than a batch takes. The directory is the first
 * line of its input, so no shell has to be told where its name ends; then come batches, each behind its length and options.
 */
const UNPACKING =
  'sh -c \'IFS= read -r at && cd -- "$at" && while read -r count options; do ' +
  `head -c "$count" | tar -x -p $options -f - && echo ${ANSWER}done || exit 1; done'`;
const WITH_OWNERS = '--same-owner --numeric-owner';
const WITHOUT_OWNERS = '-o';

/** Larger ones fill a line by themselves. */
const LARGEST_BYTES = 64 * 1024;
/** So many go together, as starting `tar` takes as long as unpacking a hundred; and so many batches at once, one of them unpacked while others are on their way. */
const MOST_FILES = 512;
const FEWEST_FILES = 8;
const MOST_AT_ONCE = 8;
/** A batch is so much of what the line carries in a second or two. */
const SHARE = 1 / 4;
/** Until then others may join. */
const COLLECT_MS = 5;
/** A channel carries its window in a round trip, 2 MiB with OpenSSH, and a `tar` keeps one processor busy. */
const MOST_PROGRAMS = 4;
/** Beyond what a request may take: so long a batch is on its way at 100 kB/s. */
const LIMIT_MS = 5000;
const SPECIAL_BITS = 0o7000;
const MODE_BITS = 0o7777;
const OWNER_BITS = 0o700;
const NOTHING = Buffer.alloc(0);

/** What is staged by itself, and its owner there; undefined where owners aren't kept. */
export interface BulkFile {
  readonly content: Buffer;
  readonly stat: FileStat;
  readonly owner: Owner | undefined;
}

export interface BulkDirectory {
  readonly stat: FileStat;
  readonly owner: Owner | undefined;
  readonly files: readonly (BulkFile & { readonly name: string })[];
}

export interface StagedDirectory {
  readonly at: string;
  /** Where it is not wanted after all. */
  readonly discard: () => Promise<void>;
}

interface Waiting {
  /** A file, or a directory and its files. */
  readonly entries: readonly TarEntry[];
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
  /** Of those that wait, how many nobody has been asked to send yet. */
  #collected = 0;
  #timer: NodeJS.Timeout | undefined;
  #atOnce = 0;
  #isHeldUp = false;
  #proof: Promise<boolean> | undefined;
  #isOff = false;
  readonly #underWay = new Set<Promise<boolean>>();
  readonly #programs: [RemoteDialogue, ...RemoteDialogue[]];
  /** With those that are still starting, and those that the server refused. */
  #begun = 1;

  constructor(session: SftpSession, reserved: ReservedDirectory) {
    this.#session = session;
    this.#reserved = reserved;
    this.#programs = [this.#program()];
  }

  /** Begins what takes long to start, as much is to come. */
  prepare(): void {
    if (this.#isOff) return;
    void this.#programs[0].begin();
    while (this.#begun < MOST_PROGRAMS) this.#beginAnother();
  }

  /** Its staged name once it is there with mode, mtime and owner; undefined where it is to be sent by itself. */
  async stage(file: BulkFile): Promise<string | undefined> {
    return (await this.#staged((name) => [entryOf('file', name, file)], file.owner !== undefined))?.at;
  }

  /** The same of a directory, once all is in it; its own mtime isn't promised, as not every `tar` puts it back after that. */
  async stageDirectory({ files, ...directory }: BulkDirectory): Promise<StagedDirectory | undefined> {
    // Else its owner, who may be this login, can't move or empty it.
    if ((directory.stat.mode & OWNER_BITS) !== OWNER_BITS) return undefined;
    const entriesAt = (name: string) => [
      entryOf('directory', `${name}/`, { ...directory, content: NOTHING }),
      ...files.map((file) => entryOf('file', `${name}/${file.name}`, file)),
    ];
    const staged = await this.#staged(entriesAt, directory.owner !== undefined);
    return staged && { at: staged.at, discard: () => this.#remove(staged.entries) };
  }

  async #staged(
    entriesAt: (name: string) => readonly TarEntry[],
    keepsOwner: boolean,
  ): Promise<{ at: string; entries: readonly TarEntry[] } | undefined> {
    const at = this.#reserved.newStaged();
    const entries = entriesAt(at.slice(this.#reserved.staging.length + 1));
    if (!entries.every(isFit) || this.#reserved.staging.includes('\n')) return undefined;
    if (this.#isOff) {
      await this.#cleaned();
      return undefined;
    }
    const isThere = await new Promise<boolean>((done) => {
      this.#waiting.push({ entries, keepsOwner, done });
      this.#collected += entries.length;
      if (this.#collected >= MOST_FILES) this.#send();
      else this.#timer ??= setTimeout(() => this.#send(), COLLECT_MS);
    });
    return isThere ? { at, entries } : undefined;
  }

  #send(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#collected = 0;
    if (this.#isOff) return this.#giveBack(this.#waiting.splice(0));
    // A batch that waits for room is the last: when it has some, there may be room for larger ones.
    while (this.#waiting.length > 0 && this.#atOnce < MOST_AT_ONCE && !this.#isHeldUp) {
      const batch = this.#waiting.splice(0, countOf(this.#waiting, this.#session.bytes.sizeBytes * SHARE));
      if (entriesOf(batch).length < FEWEST_FILES) settle(batch, false);
      else void this.#unpack(batch);
    }
  }

  /** What had to wait for room; those that are just being collected come when they are. */
  #sendMore(): void {
    if (this.#timer === undefined) this.#send();
  }

  async #unpack(batch: readonly Waiting[]): Promise<void> {
    const work = this.#unpacked(batch).catch(() => false);
    this.#underWay.add(work);
    const isThere = await work;
    this.#underWay.delete(work);
    if (!isThere) this.#isOff = true;
    if (isThere) settle(batch, true);
    else this.#giveBack(batch);
    this.#sendMore();
  }

  /** To be sent one by one. */
  #giveBack(waiting: readonly Waiting[]): void {
    void this.#cleaned().then(() => settle(waiting, false));
  }

  /** After a failure: what is short there, such as room, can't be told while others still take it and give it back. */
  #cleaned(): Promise<unknown> {
    return Promise.all(this.#underWay);
  }

  async #unpacked(batch: readonly Waiting[]): Promise<boolean> {
    this.#atOnce += 1;
    const isDone = await this.#sent(batch);
    this.#atOnce -= 1;
    // The next ones needn't wait for what the first one proves, to be on their way; after a failure they wait for its cleaning.
    if (isDone) this.#sendMore();
    if (isDone && (await (this.#proof ??= this.#areRight(batch)))) return true;
    await this.#remove(entriesOf(batch));
    return false;
  }

  async #sent(batch: readonly Waiting[]): Promise<boolean> {
    const archive = tarArchive(entriesOf(batch));
    this.#isHeldUp = true;
    await this.#session.bytes.take(archive.length);
    this.#isHeldUp = false;
    return this.#asked(archive, batch[0]?.keepsOwner ? WITH_OWNERS : WITHOUT_OWNERS);
  }

  async #asked(archive: Buffer, options: string): Promise<boolean> {
    const sentAtMs = performance.now();
    const answer = this.#isOff ? undefined : this.#leastBusy().ask(`${archive.length} ${options}`, archive);
    this.#sendMore();
    const isDone = (await answer) === 'done';
    // Before those that wait for room get it: they needn't find out one after the other.
    if (!isDone) this.#isOff = true;
    this.#session.bytes.give(archive.length, performance.now() - sentAtMs);
    return isDone;
  }

  /** What is in a directory comes after it, and goes before it. */
  async #remove(entries: readonly TarEntry[]): Promise<void> {
    const removals = entries.toReversed().map(({ type, name }) => {
      const at = `${this.#reserved.staging}/${name}`;
      return tried(type === 'file' ? this.#session.remove(at) : this.#session.rmdir(at));
    });
    await Promise.all(removals);
  }

  #leastBusy(): RemoteDialogue {
    const least = this.#programs.reduce((one, other) => (other.busy < one.busy ? other : one));
    if (least.busy > 0 && this.#begun < MOST_PROGRAMS) this.#beginAnother();
    return least;
  }

  /** Asked only once it has started: a server may allow fewer channels. */
  #beginAnother(): void {
    this.#begun += 1;
    const program = this.#program();
    void program.begin().then((hasBegun) => hasBegun && this.#programs.push(program));
  }

  #program(): RemoteDialogue {
    const start = () => this.#session.start(UNPACKING);
    return new RemoteDialogue(start, this.#session.timeoutMs + LIMIT_MS, `${this.#reserved.staging}\n`);
  }

  /** By SFTP: that a shell works in the same directory, and what this tar makes of modes, times and owners. */
  async #areRight(batch: readonly Waiting[]): Promise<boolean> {
    const right = batch.flatMap(({ entries, keepsOwner }) =>
      entries.map(async (entry) => isRight(entry, await this.#found(entry), keepsOwner)),
    );
    const files = entriesOf(batch).filter(({ type }) => type === 'file');
    const contents = files.slice(0, FEWEST_FILES).map(async ({ name, content }) => {
      const there = await readSmall(this.#session, `${this.#reserved.staging}/${name}`, LARGEST_BYTES + 1);
      return there?.equals(content) ?? false;
    });
    return (await Promise.all([...right, ...contents])).every(Boolean);
  }

  #found({ name }: TarEntry): Promise<SftpAttributes | undefined> {
    return lstatOrMissing(this.#session, `${this.#reserved.staging}/${name}`);
  }
}

function entryOf(type: TarEntry['type'], name: string, { content, stat, owner }: BulkFile): TarEntry {
  const { uid, gid } = owner ?? { uid: 0, gid: 0 };
  const mtime = Number(toSftpTimes(stat).mtime);
  return { type, name, mode: stat.mode & MODE_BITS, uid, gid, mtime, content };
}

function isFit(entry: TarEntry): boolean {
  return entry.content.length <= LARGEST_BYTES && (entry.mode & SPECIAL_BITS) === 0 && fitsTar(entry);
}

function isRight(entry: TarEntry, found: SftpAttributes | undefined, keepsOwner: boolean): boolean {
  if (!found || typeOf(found) !== entry.type || ((found.mode ?? 0) & MODE_BITS) !== entry.mode) return false;
  if (keepsOwner && (found.uid !== entry.uid || found.gid !== entry.gid)) return false;
  return entry.type === 'directory' || (found.size === entry.content.length && found.mtime === entry.mtime);
}

function entriesOf(waiting: readonly Waiting[]): readonly TarEntry[] {
  return waiting.flatMap(({ entries }) => entries);
}

/** How many of them make a batch. */
function countOf(waiting: readonly Waiting[], mostBytes: number): number {
  let files = 0;
  let bytes = 0;
  const tooMuch = waiting.findIndex(({ entries }) => {
    files += entries.length;
    bytes += entries.reduce((sum, { content }) => sum + content.length, 0);
    return files > MOST_FILES || bytes > mostBytes;
  });
  return tooMuch < 0 ? waiting.length : Math.max(1, tooMuch);
}

function settle(batch: readonly Waiting[], isThere: boolean): void {
  for (const { done } of batch) done(isThere);
}
