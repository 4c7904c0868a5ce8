import { readFile } from 'node:fs/promises';
import { AppError } from '../base/errors.ts';
import type { Owner } from '../filesystem/operation.ts';
import { tried } from './sftp-protocol.ts';
import type { SftpSession } from './sftp-session.ts';
import { readSmall } from './small-file.ts';

const USERS = '/etc/passwd';
const GROUPS = '/etc/group';
const LARGEST_BYTES = 1024 * 1024;
/** (uid_t) -1 of POSIX chown(2): no file belongs to it, so it equals no owner. */
const NOBODY_HERE = 0xffff_ffff;

/** Owners as this machine numbers them, and as a mirror's does. */
export interface OwnerMapping {
  /** Throws NOT_PERMITTED where the number means somebody else there. */
  there(owner: Owner): Owner;
  here(owner: Owner): Owner;
}

/**
 * The ids of users, or of groups, matched by the names in two files like /etc/passwd. An id without a name on both sides stays
 * as it is, where it isn't taken: what is told apart here is told apart there.
 */
export class AccountIds {
  readonly #there = new Map<number, number>();
  readonly #here = new Map<number, number>();

  constructor(here: string, there: string) {
    const idsThere = accountsIn(there);
    for (const [name, id] of accountsIn(here)) {
      const other = idsThere.get(name);
      if (other === undefined || this.#there.has(id) || this.#here.has(other)) continue;
      this.#there.set(id, other);
      this.#here.set(other, id);
    }
  }

  there(id: number): number {
    const known = this.#there.get(id);
    if (known !== undefined) return known;
    if (!this.#here.has(id)) return id;
    throw new AppError('NOT_PERMITTED', `id ${id} has no name that the mirror knows, and is another's there`);
  }

  here(id: number): number {
    return this.#here.get(id) ?? (this.#there.has(id) ? NOBODY_HERE : id);
  }
}

/** Rejects with MIRROR_UNSUITABLE where the server's names can't be read. */
export async function ownersByName(session: SftpSession): Promise<OwnerMapping> {
  const [users, groups] = await Promise.all([accountIds(session, USERS), accountIds(session, GROUPS)]);
  return {
    there: ({ uid, gid }) => ({ uid: users.there(uid), gid: groups.there(gid) }),
    here: ({ uid, gid }) => ({ uid: users.here(uid), gid: groups.here(gid) }),
  };
}

async function accountIds(session: SftpSession, file: string): Promise<AccountIds> {
  const [here, { value: there }] = await Promise.all([
    readFile(file, 'utf8'),
    tried(readSmall(session, file, LARGEST_BYTES)),
  ]);
  if (there === undefined || there.length === 0 || there.length === LARGEST_BYTES) {
    const why = `owner: names needs ${file} of the mirror's server, which this login can't read there`;
    throw new AppError('MIRROR_UNSUITABLE', why);
  }
  return new AccountIds(here, there.toString('utf8'));
}

/** Ids by name; of several lines with one name the first counts, as for getpwnam(3). */
function accountsIn(file: string): Map<string, number> {
  const accounts = new Map<string, number>();
  for (const line of file.split('\n')) {
    const [, name, id] = /^([^:#+-][^:]*):[^:]*:(\d{1,10}):/.exec(line) ?? [];
    if (name !== undefined && !accounts.has(name)) accounts.set(name, Number(id));
  }
  return accounts;
}
