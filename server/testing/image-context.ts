import { cp, readFile, symlink } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import ignore from 'ignore';

const TOP = resolve(import.meta.dirname, '../..');

/**
 * Copies into `directory`, which isn't there yet, what `.dockerignore` lets an image be built from, and links the packages that
 * the build installs beside it.
 */
export async function copyImageContext(directory: string): Promise<void> {
  const lines = (await readFile(join(TOP, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((line) => line !== '');
  const wanted = lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
  // Docker takes a folder that is let in with all below it, where git would go on leaving that out.
  const unwanted = ignore().add(lines.filter((line) => line !== '*' && !line.startsWith('!')));
  for (const name of wanted) {
    const filter = (path: string) => !unwanted.ignores(relative(TOP, path));
    await cp(join(TOP, name), join(directory, name), { recursive: true, filter });
  }
  await symlink(join(TOP, 'node_modules'), join(directory, 'node_modules'));
}
