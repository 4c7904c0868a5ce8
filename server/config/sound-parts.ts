import { z } from 'zod';
import { MAX_MIRRORS } from './schema.ts';
import { filePath, mirrorHost, mirrorPath, userName } from './value-schemas.ts';

const soundFile = filePath.optional().catch(undefined);

const soundMirror = z.object({
  host: mirrorHost.optional().catch(undefined),
  port: z.int().optional().catch(undefined),
  user: userName.optional().catch(undefined),
  path: mirrorPath.optional().catch(undefined),
  identity_file: soundFile,
  password_file: soundFile,
  known_hosts: soundFile,
});

const soundSchema = z.object({
  local_path: soundFile,
  mount_point: soundFile,
  state_path: soundFile,
  mirrors: z.record(z.string(), z.unknown()).catch({}),
});

export type SoundMirror = z.output<typeof soundMirror> & { readonly name: string };

/** The values that are right taken by themselves, so that they are compared with each other even where others are wrong. */
export interface SoundParts {
  readonly local_path?: string | undefined;
  readonly mount_point?: string | undefined;
  readonly state_path?: string | undefined;
  readonly mirrors: readonly SoundMirror[];
}

/** Picks the sound values out of a file that may hold anything. */
export function soundParts(root: unknown): SoundParts {
  const { mirrors, ...paths } = soundSchema.parse(root);
  const entries = Object.entries(mirrors).slice(0, MAX_MIRRORS);
  return {
    ...paths,
    mirrors: entries.map(([name, mirror]) => ({ name, ...soundMirror.catch({}).parse(mirror) })),
  };
}
