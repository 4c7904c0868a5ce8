// Starting programs from the scripts: plain Node, since it runs before anything is installed.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs a program to its end with our own input and output; gives its exit code (128 + n after signal n). */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: 'inherit', ...options });
    const stop = forwardSignals(child);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      stop();
      resolve(exitCode(code, signal));
    });
  });
}

/** Runs a program and gathers what it prints. */
export function capture(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const stop = forwardSignals(child);
    let stdout = '';
    let output = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      output += chunk;
    });
    child.stderr.on('data', (chunk) => {
      output += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      stop();
      resolve({ code: exitCode(code, signal), stdout, output });
    });
  });
}

/** The path of a package's program, started with `process.execPath`. */
export function tool(path) {
  return `${root}node_modules/${path}`;
}

const SIGNAL_NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGSEGV: 11, SIGTERM: 15, SIGABRT: 6 };

export function exitCode(code, signal) {
  return code ?? 128 + (SIGNAL_NUMBERS[signal] ?? 1);
}

/** Once a script was told to stop it starts nothing more. */
export let stopSignal;

// A child in our own process group gets a terminal's Ctrl-C by itself: don't send it twice.
function forwardSignals(child) {
  const onInterrupt = () => {
    stopSignal = 'SIGINT';
    if (!process.stdin.isTTY) child.kill('SIGINT');
  };
  const onTerminate = () => {
    stopSignal = 'SIGTERM';
    child.kill('SIGTERM');
  };
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  return () => {
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
  };
}
