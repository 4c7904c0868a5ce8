import { randomInt } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';
import { loadConfiguration } from './load.ts';
import { ConfigurationError } from './problem.ts';

const SAMPLE = `# a comment
local_path: "/srv/www"
mount_point: /mnt/www
tries: { times: 2, wait: [ 1, 5 ] }
timeout: 0.5
mirrors:
  web1: { host: 10.0.0.11, user: deploy, path: /srv/www }
  web2: &anchor
    host: 'ten'
    path: >-
      folded
    required: false
http: { listen: 127.0.0.1:8080 }
`;
const SPICE = [
  '*anchor',
  '&anchor ',
  '<<: ',
  '!!set ',
  '? ',
  '- ',
  '\t',
  '"',
  "'",
  '{',
  ']',
  '|',
  '%',
  '---\n',
  '~',
  '\0',
  '__proto__: ',
];
const ROUNDS = 400;
const seed = Number(process.env['FUZZ_SEED'] ?? randomInt(2 ** 31));

let directory: TempDirectory;

beforeAll(async () => {
  directory = await tempDirectory('fuzz');
});

afterAll(() => directory.remove());

/** A small generator (mulberry32), so that a seed repeats a run. */
function generator(start: number): (below: number) => number {
  let state = start;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

async function outcome(content: Uint8Array): Promise<'accepted' | 'refused'> {
  const file = join(directory.path, 'proxyfs.yml');
  await writeFile(file, content);
  try {
    await loadConfiguration(file, {});
    return 'accepted';
  } catch (thrown) {
    const context = `seed ${seed}, file ${JSON.stringify(Buffer.from(content).toString('latin1'))}`;
    expect(thrown, context).toBeInstanceOf(ConfigurationError);
    const { problems, message } = thrown as ConfigurationError;
    expect(problems.length, context).toBeGreaterThan(0);
    expect(message.split('\n').length, context).toBeGreaterThanOrEqual(problems.length);
    return 'refused';
  }
}

describe(`the loader (FUZZ_SEED=${seed})`, () => {
  it('meets random bytes with nothing but a ConfigurationError', async () => {
    const random = generator(seed);
    for (let round = 0; round < ROUNDS; round++) {
      const content = Uint8Array.from({ length: random(300) }, () => random(round % 2 ? 256 : 128));
      expect(await outcome(content)).toBe('refused');
    }
  });

  it('accepts or refuses a damaged file, and never fails otherwise', async () => {
    const random = generator(seed);
    const seen = { accepted: 0, refused: 0 };
    for (let round = 0; round < ROUNDS; round++) {
      let text = SAMPLE;
      for (let change = random(4); change >= 0; change--) {
        const from = random(text.length);
        const spice = SPICE[random(SPICE.length)] ?? '';
        text = text.slice(0, from) + (random(2) ? spice : '') + text.slice(from + random(8));
      }
      seen[await outcome(Buffer.from(text))]++;
    }
    expect(seen.accepted).toBeGreaterThan(0);
    expect(seen.refused).toBeGreaterThan(0);
  });
});
