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
  http: z.object({ tls: z.object({ cert_file: filePath, key_file: filePath }).optional() }).catch({}),
  mirrors: z.record(z.string(), z.unknown()).catch({}),
});

export type SoundMirror = z.output<typeof soundMirror> & { readonly name: string };

/** The values that are right taken by themselves, so that they are compared with each other even where others are wrong. */
export interface SoundParts {
  readonly local_path?: string | undefined;
  readonly mount_point?: string | undefined;
  readonly state_path?: string | undefined;
  readonly tls?: { readonly cert_file: string; readonly key_file: string } | undefined;
  readonly mirrors: readonly SoundMirror[];
}

/** Picks the sound values out of a file that may hold anything. */
export function soundParts(root: unknown): SoundParts {
  const { mirrors, http, ...paths } = soundSchema.parse(root);
  const entries = Object.entries(mirrors).slice(0, MAX_MIRRORS);
  return {
    ...paths,
    tls: http.tls,
    mirrors: entries.map(([name, mirror]) => ({ name, ...soundMirror.catch({}).parse(mirror) })),
  };
}
