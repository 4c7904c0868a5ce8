import { expect, it } from 'vitest';
import { visibleText } from './visible-text.ts';

it('leaves ordinary names of any script as they are', () => {
  for (const name of ['/srv/www/index.html', 'Grüße 2024', '写真.jpg', 'שלום', 'a "b" c', '🙂']) {
    expect(visibleText(name)).toBe(name);
  }
});

it('shows what would act on a screen as an escape', () => {
  expect(visibleText('a\nb\tc\r\x1b[31m\x9b')).toBe('a\\nb\\tc\\r\\u{1b}[31m\\u{9b}');
  expect(visibleText('gpj.\u202Eexe\u2066\u200f')).toBe('gpj.\\u{202e}exe\\u{2066}\\u{200f}');
  expect(visibleText('a\u200bb\u2028c\ufeffd\u{e0041}')).toBe('a\\u{200b}b\\u{2028}c\\u{feff}d\\u{e0041}');
  expect(visibleText('half \ud83d')).toBe('half \\u{d83d}');
});

it('never gets longer than it may', () => {
  expect(visibleText('x'.repeat(500))).toHaveLength(300);
  expect(visibleText('\u202E'.repeat(500), 50)).toHaveLength(50);
  expect(visibleText('exactly', 7)).toBe('exactly');
});
