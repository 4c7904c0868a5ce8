import { Command } from 'commander';
import { registerRestCommands } from '../cli/rest-commands.ts';
import { TEST_TOKEN } from './api-bench.ts';

/** Runs one command line against the appliance at `url`, and tells how the process would have ended. */
export async function runRestCommand(
  url: string,
  ...args: readonly string[]
): Promise<{ code: number; out: string; err: string }> {
  let [out, err, code] = ['', '', 0];
  const program = new Command('proxyfs');
  registerRestCommands(program, {
    environment: { PROXYFS_TOKEN: TEST_TOKEN },
    out: (text) => (out += text),
    err: (text) => (err += text),
    exitWith: (wanted) => (code = wanted),
    exitNow: (wanted) => {
      throw new Error(`exit ${wanted}`);
    },
  });
  await program.parseAsync([...args, '--url', url], { from: 'user' });
  return { code, out, err };
}
