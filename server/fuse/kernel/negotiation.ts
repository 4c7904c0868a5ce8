import { AppError } from '../../base/errors.ts';
import { structureAnswer, type Answer } from './answer.ts';
import { FLAGS } from './protocol/flags.ts';
import { LARGEST_CONTENT_BYTES, LARGEST_CONTENT_PAGES } from './protocol/limits.ts';
import type { ValueOf } from './protocol/structure.ts';
import { INIT_OUT, type INIT_IN } from './protocol/structures.ts';

/** The version whose structures are laid out here; a newer kernel speaks it too. */
const MINOR = 38;
/** Linux 3.15: before it, structures were shorter. */
const OLDEST_MINOR = 23;
/**
 * How many requests nobody waits for are sent at a time: as many as there may be. Pages of memory maps are written
 * by such requests, and read-ahead stands in one queue with them: a limit would let reads wait for a frozen mirror.
 */
const MOST_IN_BACKGROUND = 0xffff;

/**
 * What we take of what the kernel offers. Not taken: WRITEBACK_CACHE, with which a write would return before it is
 * on any mirror; DONT_MASK, since the kernel applies the umask as every file system has it; the lock requests,
 * without which locks work among the processes of this machine. HANDLE_KILLPRIV_V2 says that set-user-id bits go
 * here, as they do: writing as who isn't root takes them in the same transaction train, so the kernel needn't ask.
 */
const WANTED =
  FLAGS.FUSE_ASYNC_READ |
  FLAGS.FUSE_ATOMIC_O_TRUNC |
  FLAGS.FUSE_BIG_WRITES |
  FLAGS.FUSE_DO_READDIRPLUS |
  FLAGS.FUSE_READDIRPLUS_AUTO |
  FLAGS.FUSE_PARALLEL_DIROPS |
  FLAGS.FUSE_MAX_PAGES |
  FLAGS.FUSE_HANDLE_KILLPRIV_V2;

export interface Negotiated {
  readonly answer: Answer;
  /** undefined: a kernel of a later major version, which will ask again in ours. */
  readonly minor: number | undefined;
}

/** Answers the kernel's first request. Throws NOT_SUPPORTED for a kernel too old. */
export function negotiate(offer: ValueOf<typeof INIT_IN>): Negotiated {
  const major = FLAGS.FUSE_KERNEL_VERSION;
  const isLater = offer.major > major;
  if (offer.major < major || (!isLater && offer.minor < OLDEST_MINOR)) {
    throw new AppError('NOT_SUPPORTED', `the kernel speaks FUSE ${offer.major}.${offer.minor} only`);
  }
  const minor = isLater ? MINOR : Math.min(offer.minor, MINOR);
  const answer = structureAnswer(INIT_OUT, {
    major,
    minor,
    max_readahead: offer.max_readahead,
    flags: offer.flags & WANTED,
    max_background: MOST_IN_BACKGROUND,
    congestion_threshold: MOST_IN_BACKGROUND,
    max_write: LARGEST_CONTENT_BYTES,
    time_gran: 1,
    max_pages: LARGEST_CONTENT_PAGES,
    flags2: 0,
  });
  return { answer, minor: isLater ? undefined : minor };
}
