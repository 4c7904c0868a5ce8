import { runCommand } from '../run-command.ts';

const LIMIT_MS = 300_000;

/** Runs a Node program (CommonJS) in a directory by a process of its own; what it prints is the time that it took. */
export async function timed(directory: string, program: string, ...args: string[]): Promise<number> {
  const result = await runCommand(process.execPath, ['-e', program, ...args], {
    directory,
    timeoutMs: LIMIT_MS,
  });
  if (result.code !== 0) throw new Error(result.stderr);
  return Number(result.stdout);
}

/** Makes that many new files of 4 KiB, one after the other, in a new directory. */
export const CREATE_FILES = `
  const fs = require('node:fs'); const data = Buffer.alloc(4096, 7);
  const [, directory, count] = process.argv;
  fs.mkdirSync(directory);
  const start = performance.now();
  for (let k = 0; k < Number(count); k++) fs.writeFileSync(directory + '/f' + k, data);
  console.log(performance.now() - start);`;

/** Looks at each of these files by its name. */
export const STAT_FILES = `
  const fs = require('node:fs');
  const [, directory, count] = process.argv;
  const start = performance.now();
  for (let k = 0; k < Number(count); k++) fs.statSync(directory + '/f' + k);
  console.log(performance.now() - start);`;

/** Writes a file of that many MiB anew. */
export const WRITE_FILE = `
  const fs = require('node:fs'); const data = Buffer.alloc(1 << 20, 7);
  const [, name, mebibytes] = process.argv;
  fs.rmSync(name, { force: true });
  const start = performance.now();
  const fd = fs.openSync(name, 'w');
  for (let k = 0; k < Number(mebibytes); k++) fs.writeSync(fd, data);
  fs.closeSync(fd);
  console.log(performance.now() - start);`;

/** Reads a file from beginning to end, in pieces of that many KiB. */
export const READ_FILE = `
  const fs = require('node:fs');
  const [, name, kibibytes] = process.argv;
  const buffer = Buffer.alloc(Number(kibibytes) * 1024);
  const start = performance.now();
  const fd = fs.openSync(name, 'r');
  while (fs.readSync(fd, buffer) > 0);
  fs.closeSync(fd);
  console.log(performance.now() - start);`;

/** Has the kernel forget names, attributes and, unless they are to stay, the content of files. */
export async function dropCaches(what: 'names' | 'all'): Promise<void> {
  const script = `sync; echo ${what === 'all' ? 3 : 2} > /proc/sys/vm/drop_caches`;
  const { code, stderr } = await runCommand('/bin/sh', ['-c', script], { timeoutMs: LIMIT_MS });
  if (code !== 0) throw new Error(stderr);
}
