import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { configurationKeys } from './configuration-keys.ts';
import { configurationReference } from './configuration-reference.ts';
import { SECTIONS } from './schema.ts';

const FILE = new URL('../../docs/configuration.md', import.meta.url);

it('docs/configuration.md is what the schema says', async () => {
  expect(await readFile(FILE, 'utf8')).toBe(configurationReference());
});

it('every key of every section is described', () => {
  const keys = configurationKeys();
  expect(keys.filter(({ description }) => !/^.{5,}[.]$/.test(description))).toEqual([]);
  const inSections = Object.entries(SECTIONS).flatMap(([place, { shape }]) =>
    Object.keys(shape).map((name) => (place === '' ? name : `${place}.${name}`)),
  );
  expect(keys.map(({ key }) => key).sort()).toEqual(inSections.sort());
});

it('says of each key when a change applies, as the section around it does', () => {
  const applies = new Map(configurationKeys().map((key) => [key.key, key.applies]));
  expect(applies.get('timeout')).toBe('restart');
  expect(applies.get('mirrors.*.port')).toBe('now');
  const guarded = [
    'local_path',
    'mount_point',
    'state_path',
    'mount.allow_other',
    'http.listen',
    'http.allowed_hosts',
  ];
  expect(guarded.map((key) => applies.get(key))).toEqual(guarded.map(() => 'fileOnly'));
});
