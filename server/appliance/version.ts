import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

/** The version of the package that this file belongs to, as sources and as built. */
export const VERSION = readVersion(import.meta.dirname);

function readVersion(from: string): string {
  for (let directory = from; directory !== dirname(directory); directory = dirname(directory)) {
    try {
      const text = readFileSync(join(directory, 'package.json'), 'utf8');
      const parsed = z
        .object({ name: z.literal('proxyfs'), version: z.string() })
        .safeParse(JSON.parse(text));
      if (parsed.success) return parsed.data.version;
    } catch {
      // Not here: one directory further up.
    }
  }
  return 'unknown';
}
