import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { compareTrees } from './testing/compare-trees.ts';
import { noneLeft } from './testing/none-left.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { waitUntil } from './testing/wait-until.ts';

/** Generous for a busy machine; a wait for the network would show as seconds. */
const AT_ONCE_MS = 1500;
const TIMEOUT_S = 30;

let mirrors: SshdMirror[];
let appliance: ApplianceProcess;

beforeAll(async () => {
  mirrors = await Promise.all(['m1', 'm2', 'm3'].map((name) => startSshdMirror({ name })));
  const configuration = { tries: { times: 2, wait: [1] }, timeout: TIMEOUT_S };
  appliance = new ApplianceProcess({ mirrors: mirrors.map((mirror) => mirror.config()), configuration });
  await appliance.start();
  const planted = await appliance.inMount('sh', ['-c', 'mkdir -p a/b && echo text > a/b/file && sync -f .']);
  expect(planted.code).toBe(0);
}, 60_000);

afterAll(async () => {
  await Promise.all((mirrors ?? []).map((mirror) => mirror.thaw()));
  await appliance?.stop();
  await Promise.all((mirrors ?? []).map((mirror) => mirror.stop()));
}, 60_000);

async function inFlight(): Promise<number> {
  const { body } = await appliance.api('/api/v1/transactions?state=inFlight');
  return (body as { items: unknown[] }).items.length;
}

describe('with a frozen mirror and a write that waits for it', () => {
  it('reads answer at once, and Ctrl-C ends the write, which is nowhere', async () => {
    await mirrors[1]?.freeze();
    const writer = appliance.startInMount(
      'sh',
      ['-c', 'exec dd if=/dev/zero of=a/b/file bs=4k count=1 conv=notrunc 2>&1'],
      {
        timeoutMs: 60_000,
      },
    );
    await waitUntil('the write is in flight', async () => (await inFlight()) > 0);

    for (const command of [
      'ls -lR .',
      'cat a/b/file',
      'stat a/b/file a',
      'df .',
      'find . -type f',
      'ls a/missing; true',
    ]) {
      const read = await appliance.inMount('sh', ['-c', command], { timeoutMs: 20_000 });
      expect([command, read.code, read.elapsedMs < AT_ONCE_MS]).toEqual([command, 0, true]);
    }

    const begin = performance.now();
    writer.kill('SIGINT');
    const ended = await writer.result;
    expect(ended.timedOut).toBe(false);
    expect(performance.now() - begin).toBeLessThan((TIMEOUT_S * 1000) / 4);

    await mirrors[1]?.thaw();
    const roots = [appliance.localPath, ...mirrors.map(({ root }) => root)];
    await noneLeft(() => compareTrees(roots), 60_000);
    const unchanged = await appliance.inMount('cat', ['a/b/file']);
    expect(unchanged.stdout).toBe('text\n');
    const again = await appliance.inMount('sh', ['-c', 'echo again > a/again'], { timeoutMs: 60_000 });
    expect(again.code).toBe(0);
  }, 120_000);

  it('SIGTERM ends the appliance within a bound, with exit code 0 and nothing mounted', async () => {
    await mirrors[2]?.freeze();
    const writer = appliance.startInMount('sh', ['-c', 'echo x > a/late'], { timeoutMs: 60_000 });
    await waitUntil('the write is in flight', async () => (await inFlight()) > 0);
    const begin = performance.now();
    expect(await appliance.terminate(60_000)).toBe(0);
    expect(performance.now() - begin).toBeLessThan(20_000);
    const ended = await writer.result;
    expect(ended.code).not.toBe(0);
    await mirrors[2]?.thaw();
    await appliance.start();
    const roots = [appliance.localPath, ...mirrors.map(({ root }) => root)];
    await noneLeft(() => compareTrees(roots), 60_000);
    const listed = await appliance.inMount('ls', ['a']);
    expect(listed.stdout).toBe('again\nb\n');
  }, 120_000);
});
