import { readFile } from 'node:fs/promises';
import { fine, type Result, warning } from './finding.ts';

/** A file that is open in the mount is open here, too; programs and servers keep thousands. */
const ENOUGH = 4096;

/** Node takes the hard limit for its own. */
export async function openFiles(): Promise<readonly Result[]> {
  const limits = await readFile('/proc/self/limits', 'utf8');
  const limit = Number(/^Max open files\s+(\d+)/m.exec(limits)?.[1] ?? Number.NaN);
  if (Number.isNaN(limit) || limit >= ENOUGH) return [fine('limit', `${limit} files may be open at once`)];
  return [warning('limit', `only ${limit} files may be open at once: raise it (ulimit -n, LimitNOFILE)`)];
}
