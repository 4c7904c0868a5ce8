import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { expect, it } from 'vitest';
import { z } from 'zod';

const TOP = resolve(import.meta.dirname, '..');
const namesSchema = z.array(z.string()).optional();
const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({ dev: z.boolean().optional(), os: namesSchema, cpu: namesSchema, libc: namesSchema }),
  ),
});

it('each package of the product that brings a binary for one processor brings it for both', async () => {
  const { packages } = lockSchema.parse(JSON.parse(await readFile(join(TOP, 'package-lock.json'), 'utf8')));
  const binaries = Object.entries(packages)
    .filter(([, { dev, os, libc }]) => !dev && os?.includes('linux') && !libc?.includes('musl'))
    .map(([folder, { cpu }]) => ({ folder, cpu: String(cpu) }));
  const of = (processor: string) =>
    binaries.filter(({ cpu }) => cpu === processor).map(({ folder }) => folder.replace(processor, 'CPU'));
  expect(of('x64')).not.toEqual([]);
  expect(of('x64').filter((folder) => !of('arm64').includes(folder))).toEqual([]);
});
