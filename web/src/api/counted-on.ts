import type { MirrorView } from '../../../shared/api.ts';

/** Whether a write fails without this mirror. */
export function isCountedOn({ required, detached, joining }: MirrorView): boolean {
  return required && !detached && !joining;
}
