import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { withMirror, withoutMirror } from './editing.ts';

const EXAMPLE = await readFile(fileURLToPath(new URL('../../config.example.yml', import.meta.url)), 'utf8');
const SAMPLE = `local_path: /srv/www
mount_point: /mnt/www
tries: { times: 2, wait: [ 1, 5 ] }
mirrors:
  web1: { host: 10.0.0.11, user: deploy, path: /srv/www }  # the first
# seconds
timeout: 5
`;

function linesOnlyIn(one: string, other: string): string[] {
  const known = other.split('\n');
  return one.split('\n').filter((line) => !known.includes(line));
}

describe('adding a mirror', () => {
  it('adds its lines behind the last one, and leaves every other line as it is', () => {
    const text = withMirror(EXAMPLE, 'web2', { host: 'web2.example.org', path: '/srv/www', required: false });
    expect(linesOnlyIn(EXAMPLE, text)).toEqual([]);
    expect(text).toContain(`    # connections: 1
  web2:
    host: web2.example.org
    path: /srv/www
    required: false

# How often`);
  });

  it('keeps the comment that stands before the next key there', () => {
    expect(withMirror(SAMPLE, 'web2', { host: 'b', path: '/b' })).toBe(
      SAMPLE.replace('# seconds', '  web2:\n    host: b\n    path: /b\n# seconds'),
    );
  });

  it('is possible where there is none yet', () => {
    const none = SAMPLE.replace(/ {2}web1.*\n/, '').replace('mirrors:', 'mirrors: {} # none yet');
    const text = withMirror(none, 'web1', { host: 'a', path: '/a' });
    expect(text).toContain('mirrors: # none yet\n  web1:\n    host: a\n    path: /a\n# seconds');
  });

  it('is possible at the end of a file whose last line has no end', () => {
    const text = withMirror('mirrors:\n  a: { host: a, path: /a }', 'b', { host: 'b', path: '/b' });
    expect(text).toBe('mirrors:\n  a: { host: a, path: /a }\n  b:\n    host: b\n    path: /b\n');
  });

  it('writes what would mean something else in YAML so that it means itself', () => {
    const odd = { host: 'no', path: '/a: #b', user: '007', host_key: '- "x"\n' };
    expect(parse(withMirror(SAMPLE, 'web2', odd))).toMatchObject({ mirrors: { web2: odd } });
  });
});

describe('changing a mirror', () => {
  it('changes a value in its place and keeps the comment behind it', () => {
    const text = withMirror(EXAMPLE, 'web1', { host: '10.0.0.99', bandwidth_limit: '5M' });
    expect(linesOnlyIn(text, EXAMPLE)).toEqual([
      '    host: 10.0.0.99            # address, name, or a Host of ~/.ssh/config',
      '    bandwidth_limit: 5M',
    ]);
  });

  it('takes a key out with its line', () => {
    expect(withMirror(EXAMPLE, 'web1', { user: null })).toBe(EXAMPLE.replace('    user: deploy\n', ''));
  });

  it('changes one in braces, and keeps what stands behind them', () => {
    expect(withMirror(SAMPLE, 'web1', { required: false, user: null })).toBe(
      SAMPLE.replace('user: deploy, path: /srv/www }', 'path: /srv/www, required: false }'),
    );
  });
});

describe('removing a mirror', () => {
  it('takes out what is said of it, its commented lines included, and nothing else', () => {
    const two = withMirror(EXAMPLE, 'web2', { host: 'b', path: '/b' });
    expect(withoutMirror(two, 'web2')).toBe(EXAMPLE);
    const other = withoutMirror(two, 'web1');
    expect(other).not.toContain('bandwidth_limit');
    expect(other).toContain('  # The name is yours: a-z 0-9 . _ -\n  web2:\n');
  });

  it('leaves an empty map behind the last one', () => {
    expect(parse(withoutMirror(EXAMPLE, 'web1'))).toMatchObject({ mirrors: {} });
    expect(withoutMirror(EXAMPLE, 'web1')).toContain('mirrors: {}\n');
  });
});

it('works on a file that is all braces, with its comments', () => {
  const braces = '{ "local_path": "/a", # here\n  "mirrors": { "a": { "host": "a", "path": "/a" } } }\n';
  const text = withMirror(braces, 'b', { host: 'b', path: '/b' });
  expect(parse(text)).toEqual({
    local_path: '/a',
    mirrors: { a: { host: 'a', path: '/a' }, b: { host: 'b', path: '/b' } },
  });
  expect(text).toContain('# here');
  expect(parse(withoutMirror(text, 'a'))).toEqual({
    local_path: '/a',
    mirrors: { b: { host: 'b', path: '/b' } },
  });
});

it('makes of any layout what the library makes of it', () => {
  const layouts = [
    'mirrors:\n    a:\n        host: a\n\n        path: >-\n          /folded\n\n# end\nlog: { level: info }\n',
    'mirrors:\r\n  a:\r\n    host: a\r\n    path: /a\r\nlog: { level: info }\r\n',
    'mirrors:\n  a:\n    host: "x\n      y"\n    path: /a\n',
    '---\nmirrors:\n\n  # one\n  a: {host: a,\n    path: /a}\n\n  # two\n  b: {host: b, path: /b}\n...\n',
  ];
  for (const layout of layouts) {
    const before = parse(layout) as { mirrors: Record<string, Record<string, unknown>> };
    const { a, ...others } = before.mirrors;
    const changed = { ...before, mirrors: { ...others, a: { ...a, path: '/new', user: 'u' } } };
    expect(parse(withMirror(layout, 'a', { path: '/new', user: 'u' }))).toEqual(changed);
    expect(parse(withMirror(layout, 'c', { host: 'c', path: '/c' }))).toEqual({
      ...before,
      mirrors: { ...before.mirrors, c: { host: 'c', path: '/c' } },
    });
    expect(parse(withoutMirror(layout, 'a'))).toEqual({ ...before, mirrors: others });
  }
});
