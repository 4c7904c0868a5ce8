import type { SeededRandom } from './seeded-random.ts';

/** Each turns a plain unique stem into a name that careless code gets wrong; all stay valid UTF-8 within 255 bytes. */
const DECORATIONS: readonly ((stem: string) => string)[] = [
  (stem) => `two words ${stem}`,
  (stem) => ` leading and trailing ${stem} `,
  (stem) => `it's "quoted" ${stem}`,
  (stem) => `line\nbreak ${stem}`,
  (stem) => `back\\slash\\${stem}`,
  (stem) => `-rf ${stem}`,
  (stem) => `--${stem}`,
  (stem) => `.hidden-${stem}`,
  (stem) => `*?[${stem}]`,
  (stem) => `$HOME \`${stem}\` $(x)`,
  (stem) => `tab\t${stem}\u0007\u001b[31m`,
  (stem) => `größe-${stem}`,
  // The same letter in another composition: another name.
  (stem) => `gro\u0308ße-${stem}`,
  (stem) => `日本語-${stem}`,
  (stem) => `עברית-${stem}`,
  (stem) => `👩‍👩‍👧 ${stem} 🙂`,
  (stem) => `${stem};&|<>`,
  (stem) => `~${stem}~`,
  (stem) => `${stem}.`,
  (stem) => `a:${stem}:b`,
  (stem) => stem.padEnd(255, 'long'),
  (stem) => `${stem}-${'é'.repeat(Math.floor((254 - stem.length) / 2))}`,
];

/** Plain most of the time; unique as long as the stem is, which is short and plain ASCII. */
export function oddName(random: SeededRandom, stem: string, oddShare: number): string {
  return random.chance(oddShare) ? random.pick(DECORATIONS)(stem) : stem;
}

/** One name of every oddity. */
export function everyOddName(stem: string): string[] {
  return DECORATIONS.map((decorate, index) => decorate(`${stem}${index}`));
}
