import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { SCOPES, type Scope } from '../../shared/states.ts';
import type { NewToken } from '../../shared/requests.ts';
import type { TokenView } from '../../shared/access.ts';
import { AppError } from '../base/errors.ts';
import type { Logger } from '../base/logger.ts';
import { KeptList } from './kept-list.ts';
import { digestOf, newToken } from './secrets.ts';

const MOST_TOKENS = 100;

const storedSchema = z.strictObject({
  id: z.string(),
  name: z.string(),
  scope: z.enum(SCOPES),
  digest: z.string(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime().nullable(),
  lastUsedAt: z.iso.datetime().nullable(),
});
type StoredToken = z.infer<typeof storedSchema>;

/** What a token opens. */
export interface Grant {
  readonly scope: Scope;
  /** undefined for the token that the appliance was given or made at start. */
  readonly tokenId?: string;
  /** The era of the password (null: none) with which this ends; undefined where it lasts through all of them. */
  readonly passwordEra?: string | null;
}

/** The tokens that operators have made. Only their digests are kept; those of a file that can't be read open nothing. */
export class Tokens {
  readonly #kept: KeptList<StoredToken>;
  readonly #nowMs: () => number;
  readonly #lastUsedMs = new Map<string, number>();

  private constructor(kept: KeptList<StoredToken>, nowMs: () => number) {
    this.#kept = kept;
    this.#nowMs = nowMs;
  }

  static async load(file: string, logger: Logger, nowMs: () => number = Date.now): Promise<Tokens> {
    const options = { file, name: 'tokens', schema: storedSchema, failure: 'TOKENS_FAILED', logger } as const;
    return new Tokens(await KeptList.load(options), nowMs);
  }

  get areThere(): boolean {
    return this.#kept.items.length > 0;
  }

  /** What this token opens; undefined for one that is unknown, revoked or expired. */
  grantOf(token: string): Grant | undefined {
    const digest = digestOf(token).toString('hex');
    const stored = this.#kept.items.find((each) => each.digest === digest);
    if (!stored || this.#isExpired(stored)) return undefined;
    this.#lastUsedMs.set(stored.id, this.#nowMs());
    return { scope: stored.scope, tokenId: stored.id };
  }

  /** Whether what was opened by it stays open. */
  stillGrants({ tokenId }: Grant): boolean {
    if (tokenId === undefined) return true;
    const stored = this.#find(tokenId);
    return stored !== undefined && !this.#isExpired(stored);
  }

  nameOf(tokenId: string): string | undefined {
    return this.#find(tokenId)?.name;
  }

  list(): TokenView[] {
    return this.#kept.items.map((stored) => viewOf(this.#withLastUse(stored)));
  }

  /** The token itself is told now and never again. Rejects with NAME_TAKEN, TOO_MANY_TOKENS, or where the file can't be written. */
  async create({ name, scope, expiresAt }: NewToken): Promise<TokenView & { token: string }> {
    const token = newToken();
    const stored: StoredToken = {
      id: randomUUID(),
      name,
      scope,
      digest: digestOf(token).toString('hex'),
      createdAt: new Date(this.#nowMs()).toISOString(),
      expiresAt: expiresAt === undefined ? null : new Date(expiresAt).toISOString(),
      lastUsedAt: null,
    };
    await this.#change((present) => {
      if (present.some((each) => each.name === name))
        throw new AppError('NAME_TAKEN', `there is a token of the name ${name}`);
      if (present.length >= MOST_TOKENS)
        throw new AppError('TOO_MANY_TOKENS', `there are ${MOST_TOKENS} tokens: revoke one`);
      return [...present, stored];
    });
    return { ...viewOf(stored), token };
  }

  /** From then on it opens nothing. Rejects with RESOURCE_NOT_FOUND. */
  revoke(id: string): Promise<void> {
    return this.#change((present) => {
      if (!this.#find(id)) throw new AppError('RESOURCE_NOT_FOUND', 'there is no such token');
      return present.filter((each) => each.id !== id);
    });
  }

  /** Notes when they were used last. */
  async close(): Promise<void> {
    await this.#kept.settle();
    if (this.#lastUsedMs.size > 0) await this.#change((present) => present);
  }

  async #change(make: (present: readonly StoredToken[]) => readonly StoredToken[]): Promise<void> {
    await this.#kept.change((present) => make(present).map((each) => this.#withLastUse(each)));
    this.#lastUsedMs.clear();
  }

  #withLastUse(stored: StoredToken): StoredToken {
    const lastUsedMs = this.#lastUsedMs.get(stored.id);
    return lastUsedMs === undefined ? stored : { ...stored, lastUsedAt: new Date(lastUsedMs).toISOString() };
  }

  #find(id: string): StoredToken | undefined {
    return this.#kept.items.find((each) => each.id === id);
  }

  #isExpired({ expiresAt }: StoredToken): boolean {
    return expiresAt !== null && Date.parse(expiresAt) <= this.#nowMs();
  }
}

function viewOf({ digest: _secret, ...view }: StoredToken): TokenView {
  return view;
}
