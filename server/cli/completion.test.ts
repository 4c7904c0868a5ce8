import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { addCompletion } from './completion.ts';
import { addDoctor } from './doctor-command.ts';
import { registerRestCommands } from './rest-commands.ts';
import type { Terminal } from './terminal.ts';

/** What each shell would offer, by its own means: $1 is the script, the rest is the line, its last word unfinished. */
const OFFERED = {
  bash: `source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _proxyfs; printf '%s\\n' "\${COMPREPLY[@]}"`,
  zsh: `compdef() { :; }; compadd() { shift; print -l -- \${(M)@:#\${words[CURRENT]}*}; }; _files() { print -l -- \${words[CURRENT]}*(N); }
    source "$1"; shift; words=("$@"); CURRENT=$#; _proxyfs`,
} as const;
const SHELLS = (['bash', 'zsh'] as const).filter((shell) => {
  const isThere = spawnSync(shell, ['-c', ':']).status === 0;
  if (!isThere) process.stderr.write(`SKIPPED: completion in ${shell}, which is missing\n`);
  return isThere;
});

let temp: TempDirectory;

beforeEach(async () => {
  temp = await tempDirectory('completion');
});

afterEach(() => temp.remove());

async function offered(shell: (typeof SHELLS)[number], ...line: readonly string[]): Promise<string[]> {
  let script = '';
  const terminal: Terminal = {
    environment: {},
    out: (text) => (script += text),
    err: () => {},
    exitWith: () => {},
    exitNow: (code) => {
      throw new Error(`ended with ${code}`);
    },
  };
  const program = new Command('proxyfs');
  addDoctor(program, terminal);
  registerRestCommands(program, terminal);
  addCompletion(program, terminal);
  await program.parseAsync(['node', 'proxyfs', 'completion', shell]);
  const file = join(temp.path, 'completion');
  await writeFile(file, script);
  const place = join(temp.path, 'place');
  await mkdir(place, { recursive: true });
  await writeFile(join(place, 'my files.yml'), '');
  const args = shell === 'bash' ? ['--norc', '-c'] : ['-f', '-c'];
  const options = { cwd: place, encoding: 'utf8', timeout: 10_000 } as const;
  const output = execFileSync(shell, [...args, OFFERED[shell], shell, file, 'proxyfs', ...line], options);
  return output.split('\n').filter((word) => word !== '');
}

it.each(SHELLS)('completes the name of a command in %s', async (shell) => {
  expect(await offered(shell, 'ad')).toEqual(['add-mirror', 'add-token', 'add-webhook']);
  expect(await offered(shell, '')).toEqual(
    expect.arrayContaining(['doctor', 'scrub', 'completion', 'help', '--help']),
  );
  expect(await offered(shell, 'help', 'scr')).toEqual(['scrub']);
});

it.each(SHELLS)('completes options and what they may say in %s', async (shell) => {
  expect(await offered(shell, 'scrub', '--cont')).toEqual(['--content']);
  expect(await offered(shell, 'mode', 'read')).toEqual(['read-write', 'read-only']);
  expect(await offered(shell, 'completion', 'b')).toEqual(['bash']);
  expect(await offered(shell, 'add-webhook', 'http://127.0.0.1/', '--event', 'mirr')).toEqual([
    'mirror.state',
  ]);
});

it.each(SHELLS)('completes names of files only where a file belongs in %s', async (shell) => {
  expect(await offered(shell, 'doctor', 'my')).toEqual(['my files.yml']);
  expect(await offered(shell, 'detach', 'my')).toEqual([]);
});
