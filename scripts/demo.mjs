// npm run demo [-- OPTIONS]
import { spawn } from 'node:child_process';
import { exitCode, root } from './run.mjs';
import { isRoot, main, setup } from './setup.mjs';

const SAME_SIGNAL_MS = 400;

await main(async (args) => {
  // Root speaks the kernel's own protocol; only others need libfuse.
  await setup({ fuse: !isRoot(), build: true });
  return runAlone(['dist/server/demo/main.js', ...args]);
});

// In a process group of its own: a terminal sends Ctrl-C to its whole group and npm passes it on once more,
// so only this process listens, and hands each signal on exactly once.
function runAlone(args) {
  const child = spawn(process.execPath, ['--import', './scripts/die-with-parent.mjs', ...args], {
    cwd: root,
    // Reads of the mount, the mirrors and the journal share libuv's threads, whose number is read at its first use.
    env: { UV_THREADPOOL_SIZE: '16', ...process.env },
    detached: true,
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const lastMs = {};
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      const nowMs = performance.now();
      if (nowMs - (lastMs[signal] ?? -Infinity) > SAME_SIGNAL_MS) child.kill(signal);
      lastMs[signal] = nowMs;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(exitCode(code, signal)));
  });
}
