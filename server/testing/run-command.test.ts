import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { runCommand, startCommand } from './run-command.ts';

it('passes arguments unchanged, from the given directory, with input and environment', async () => {
  const script = 'pwd; echo "$1|$2|$WORD"; cat; echo problem >&2; exit 3';
  const directory = realpathSync(tmpdir());
  const result = await runCommand('sh', ['-c', script, 'sh', 'two words', '$HOME;*'], {
    directory,
    env: { WORD: 'x' },
    input: 'typed',
  });
  expect(result).toMatchObject({
    code: 3,
    signal: null,
    stdout: `${directory}\ntwo words|$HOME;*|x\ntyped`,
    stderr: 'problem\n',
    timedOut: false,
  });
});

it('kills a command at its limit together with what it started', async () => {
  const result = await runCommand('sh', ['-c', 'sleep 60 & sleep 60; echo late'], { timeoutMs: 50 });
  expect(result).toMatchObject({ code: null, signal: 'SIGKILL', timedOut: true, stdout: '' });
  expect(result.elapsedMs).toBeLessThan(4000);
});

it('signals a running command', async () => {
  const running = startCommand('sleep', ['60']);
  running.kill('SIGINT');
  expect(await running.result).toMatchObject({ signal: 'SIGINT', timedOut: false });
});

it('fails with the code of the shell where the directory or the program is missing', async () => {
  expect((await runCommand('true', [], { directory: '/nonexistent' })).code).not.toBe(0);
  expect((await runCommand('/nonexistent/program', [])).code).toBe(127);
});
