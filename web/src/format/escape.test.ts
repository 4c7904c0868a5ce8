import { describe, expect, it } from 'vitest';
import { capMiddle, displayText, escapeText } from './escape.ts';

describe('escapeText', () => {
  it('leaves ordinary names of any script as they are', () => {
    for (const name of ['/srv/www/index.html', 'Grüße 2024', '写真.jpg', 'שלום', 'a b', '🙂']) {
      expect(escapeText(name)).toBe(name);
    }
  });

  it('shows control characters as escapes', () => {
    expect(escapeText('a\nb\tc\rd\x1b[31m\x7f\x9b')).toBe('a\\nb\\tc\\rd\\x1b[31m\\x7f\\x9b');
  });

  it('shows bidirectional overrides, isolates and marks as escapes', () => {
    expect(escapeText('gpj.\u202eexe')).toBe('gpj.\\u202eexe');
    for (const mark of ['\u200e', '\u200f', '\u061c', '\u202a', '\u2066', '\u2069']) {
      expect(escapeText(mark)).toMatch(/^\\u[0-9a-f]{4}$/);
    }
  });

  it('shows invisible characters, odd spaces and tag characters as escapes', () => {
    expect(escapeText('a\u200bb\u00a0c\u2028d\ufeffe')).toBe('a\\u200bb\\xa0c\\u2028d\\ufeffe');
    expect(escapeText('\u{e0041}')).toBe('\\u{e0041}');
    expect(escapeText('\ud800')).toBe('\\ud800');
  });

  it('keeps a real escape apart from a name that only looks like one', () => {
    expect(escapeText('a\\nb')).toBe('a\\\\nb');
    expect(escapeText('a\\nb')).not.toBe(escapeText('a\nb'));
  });

  it('leaves markup to be shown as text', () => {
    expect(escapeText('<img src=x onerror=alert(1)>')).toBe('<img src=x onerror=alert(1)>');
  });
});

describe('capMiddle', () => {
  it('keeps a text that fits', () => {
    expect(capMiddle('abcdef', 6)).toEqual({ text: 'abcdef', omitted: 0 });
  });

  it('keeps the beginning and the end, and counts what it left out', () => {
    const capped = capMiddle(`/start/${'x'.repeat(500)}/end.txt`, 40);
    expect(Array.from(capped.text)).toHaveLength(40);
    expect(capped.text.startsWith('/start/')).toBe(true);
    expect(capped.text.endsWith('/end.txt')).toBe(true);
    expect(capped.omitted).toBe(515 - 39);
  });

  it('never cuts a character in two', () => {
    expect(capMiddle('🙂'.repeat(50), 11).text.isWellFormed()).toBe(true);
  });
});

describe('displayText', () => {
  it('holds its limit even where every character grows by escaping', () => {
    expect(Array.from(displayText('\u202e'.repeat(5000), 100).text)).toHaveLength(100);
  });
});
