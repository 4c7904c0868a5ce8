import { createHash } from 'node:crypto';
import { Permits } from '../base/permits.ts';
import { IDENTITY_FILE } from '../filesystem/tree-path.ts';
import { ANSWER, RemoteDialogue } from './remote-dialogue.ts';
import type { ReservedDirectory } from './reserved-directory.ts';
import { tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import { readSmall } from './small-file.ts';

// Paths go in by standard input, never by the command: no shell has to be told where they end.
const MIB = 1024 * 1024;
const hashCommand = (skip: number, count: number) =>
  `xargs -0 -n1 sh -c 'dd if="$0" bs=${MIB} skip=${skip} count=${count} 2>/dev/null | sha256sum'`;
/** Answers each path with a line, `-` where it can't be told. */
const FILE_IDS = `sh -c 'while IFS= read -r path; do stat -c ${ANSWER}%d:%i -- "$path" 2>/dev/null || echo ${ANSWER}-; done'`;

/** sshd allows ten sessions on a connection, of which one is SFTP. */
const HASHES_AT_ONCE = 3;
const SLOWEST_BYTES_PER_MS = 2000;
const MOST_IDENTITY_BYTES = 32 * 1024;

interface Range {
  readonly offset: number;
  readonly lengthBytes: number;
}

/**
 * What the server's own programs can tell where the login may run any: hashes of content that needn't be sent then, and which
 * names lead to one file. That a shell sees what SFTP shows is proven first, by the replica's identity.
 */
export class RemoteTools {
  readonly #session: SftpSession;
  readonly #reserved: ReservedDirectory;
  readonly #hashes = new Permits(HASHES_AT_ONCE);
  readonly #ids: RemoteDialogue;
  #areThere: Promise<boolean> | undefined;

  constructor(session: SftpSession, reserved: ReservedDirectory) {
    this.#session = session;
    this.#reserved = reserved;
    this.#ids = new RemoteDialogue(() => session.start(FILE_IDS), session.timeoutMs);
  }

  /** SHA-256 in hex of whole MiBs of a regular file, or up to its end; undefined where it can't be had. */
  async hash(at: string, range: Range): Promise<string | undefined> {
    if (!(await this.#available())) return undefined;
    return this.#hashes.with(() => this.#hash(at, range));
  }

  async fileId(at: string): Promise<string | undefined> {
    // Each path is a line.
    if (at.includes('\n') || !(await this.#available())) return undefined;
    const id = await this.#ids.ask(at);
    return id !== undefined && /^\d+:\d+$/.test(id) ? id : undefined;
  }

  async #hash(at: string, { offset, lengthBytes }: Range): Promise<string | undefined> {
    const command = hashCommand(offset / MIB, Math.ceil(lengthBytes / MIB));
    const output = await this.#session.run(command, `${at}\0`, lengthBytes / SLOWEST_BYTES_PER_MS);
    // The login's shell may print something before.
    return /^([\da-f]{64}) /m.exec(output ?? '')?.[1];
  }

  #available(): Promise<boolean> {
    this.#areThere ??= this.#prove();
    return this.#areThere;
  }

  async #prove(): Promise<boolean> {
    const at = this.#reserved.file(IDENTITY_FILE);
    const { value } = await tried(readSmall(this.#session, at, MOST_IDENTITY_BYTES));
    if (!value) return false;
    const whole = { offset: 0, lengthBytes: value.length };
    return (await this.#hash(at, whole)) === createHash('sha256').update(value).digest('hex');
  }
}
