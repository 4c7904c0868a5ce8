import { chmod, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '../base/errors.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { ConfigurationFile } from './configuration-file.ts';

let temp: TempDirectory;
let file: string;
let text: string;

beforeEach(async () => {
  temp = await tempDirectory('configuration');
  await mkdir(join(temp.path, 'mount'));
  await mkdir(join(temp.path, 'local'));
  file = join(temp.path, 'proxyfs.yml');
  text = 'local_path: local\nmount_point: mount\nmirrors: {}\n# of mine\ntimeout: 5\n';
  await writeFile(file, text, { mode: 0o640 });
  await chmod(file, 0o640);
});

afterEach(() => temp.remove());

const longer = (before: string) => before.replace('timeout: 5', 'timeout: 9');
const accepted = () => Promise.resolve();

it('changes the file, answers what it says now, and keeps the one before beside it with the same mode', async () => {
  const next = await new ConfigurationFile(file, {}).edit(longer, accepted);
  expect(next.timeoutMs).toBe(9000);
  expect(await readFile(file, 'utf8')).toBe(longer(text));
  expect(await readFile(`${file}.previous`, 'utf8')).toBe(text);
  expect((await stat(file)).mode & 0o777).toBe(0o640);
  expect((await stat(`${file}.previous`)).mode & 0o777).toBe(0o640);
});

it('changes what a link points to, and the link stays', async () => {
  const link = join(temp.path, 'link.yml');
  await symlink('proxyfs.yml', link);
  await new ConfigurationFile(link, {}).edit(longer, accepted);
  expect(await readFile(file, 'utf8')).toBe(longer(text));
});

it('carries out edits that come together one after the other', async () => {
  const configuration = new ConfigurationFile(file, {});
  const more = (before: string) => before.replace(/timeout: (\d+)/, (_, n) => `timeout: ${Number(n) + 1}`);
  await Promise.all([1, 2, 3].map(() => configuration.edit(more, accepted)));
  expect(await readFile(file, 'utf8')).toContain('timeout: 8\n');
});

it.each([
  [
    'what would be a mistake, saying where',
    (before: string) => before.replace('timeout: 5', 'timeout: no'),
    accepted,
    { code: 'CONFIG_INVALID', message: expect.stringContaining('proxyfs.yml:5:10: timeout') as string },
  ],
  [
    'what is not accepted',
    longer,
    () => Promise.reject(new AppError('HOST_KEY_UNKNOWN')),
    { code: 'HOST_KEY_UNKNOWN' },
  ],
])('refuses %s, and changes nothing', async (_title, change, accept, error) => {
  await expect(new ConfigurationFile(file, {}).edit(change, accept)).rejects.toMatchObject(error);
  expect(await readFile(file, 'utf8')).toBe(text);
});

it('says that the file can’t be written, and leaves it as it was', async () => {
  await mkdir(`${file}.previous`);
  await writeFile(join(`${file}.previous`, 'in-the-way'), '');
  const edit = new ConfigurationFile(file, {}).edit(longer, accepted);
  await expect(edit).rejects.toMatchObject({ code: 'CONFIG_NOT_WRITTEN' });
  expect(await readFile(file, 'utf8')).toBe(text);
});
