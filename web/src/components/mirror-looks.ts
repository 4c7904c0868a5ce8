import type { MirrorView } from '../../../shared/api.ts';
import { CONTENT_LOOKS, type Look } from './looks.ts';

interface Role {
  readonly label: string;
  readonly means: string;
}

const ROLES = {
  required: { label: 'required', means: 'A write succeeds only when this mirror has it too' },
  joining: { label: 'joining', means: 'Required as soon as it has all content; writes go on until then' },
  optional: { label: 'optional', means: 'Writes go on without this mirror; it catches up later' },
};

/** Whether writes wait for it, in words. */
export function roleOf({ required, joining }: MirrorView): Role {
  if (!required) return ROLES.optional;
  return joining ? ROLES.joining : ROLES.required;
}

/** What was in sync when the mirror was last heard may not be so any more. */
export function contentLook(mirror: MirrorView): Look {
  const look = CONTENT_LOOKS[mirror.content];
  if (mirror.content !== 'in-sync' || mirror.link === 'up') return look;
  return { ...look, label: 'In sync when last heard', tone: 'idle' };
}
