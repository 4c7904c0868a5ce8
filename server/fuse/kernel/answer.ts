import { encoded, type Structure } from './protocol/structure.ts';

/** What is written back for one request that succeeded. */
export interface Answer {
  readonly body: readonly Buffer[];
  /** The kernel no longer wanted it: takes back what the answer promised. */
  readonly unheard?: () => void;
  /** The kernel has its copy of the body. */
  readonly sent?: () => void;
}

export const DONE: Answer = { body: [] };

export function structureAnswer<T>(layout: Structure<T>, value: T): Answer {
  return { body: [encoded(layout, value)] };
}
