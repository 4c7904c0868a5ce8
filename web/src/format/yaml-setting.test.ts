import { expect, it } from 'vitest';
import { settingIn, withSetting } from './yaml-setting.ts';

const TEXT =
  '# mine\nlocal_path: /srv  # the files\ntries: { times: 2 }\nscrub:\n  # at night\n  at: "03:00"\n';

it('tells what the text says', () => {
  expect(settingIn(TEXT, 'tries.times')).toBe(2);
  expect(settingIn(TEXT, 'scrub.at')).toBe('03:00');
  expect(settingIn(TEXT, 'log.level')).toBeUndefined();
  expect(settingIn('a: [', 'a')).toBeUndefined();
  expect(settingIn('', 'a')).toBeUndefined();
});

it('changes a value in its place, and leaves every other byte as it is', () => {
  expect(withSetting(TEXT, 'tries.times', 5)).toBe(TEXT.replace('times: 2', 'times: 5'));
  expect(withSetting(TEXT, 'scrub.at', '04:30')).toBe(TEXT.replace('"03:00"', '04:30'));
});

it('adds and takes out keys, comments kept', () => {
  const added = withSetting(TEXT, 'log.level', 'debug');
  expect(settingIn(added, 'log.level')).toBe('debug');
  expect(added).toContain('# the files');
  expect(added).toContain('# at night');
  const without = withSetting(added, 'log.level', undefined);
  expect(settingIn(without, 'log.level')).toBeUndefined();
  expect(settingIn(without, 'tries.times')).toBe(2);
});
