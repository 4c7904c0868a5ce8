import { chmod, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { everyMirrorInSync } from './testing/replicas.ts';
import { runCommand } from './testing/run-command.ts';
import { smallDisk } from './testing/small-disk.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { tempDirectory, type TempDirectory } from './testing/temp-directory.ts';
import { waitUntil } from './testing/wait-until.ts';
import { WebhookReceiver } from './testing/webhook-receiver.ts';

const TOP = resolve(import.meta.dirname, '..');
const MANUAL = await readFile(join(TOP, 'docs/operations.md'), 'utf8');
/** In the order of the manual; what is in blocks of text can't be run here. */
const COMMANDS = [...MANUAL.matchAll(/^```sh\n([^]*?)^```$/gm)].flatMap(([, block = '']) =>
  block.trimEnd().split('\n'),
);
const METRICS = [...MANUAL.matchAll(/`(proxyfs_\w+(?:\{[^}]*\})?)`/g)].map(([, metric = '']) => metric);
const IN_SYNC_LIMIT_MS = 20_000;

let temp: TempDirectory;
let mirrors: SshdMirror[];
let appliance: ApplianceProcess;

beforeAll(async () => {
  temp = await tempDirectory('operations');
  mirrors = [await startSshdMirror({ name: 'web1' }), await startSshdMirror({ name: 'web2' })];
  appliance = new ApplianceProcess({ mirrors: mirrors.map((mirror) => mirror.config()) });
  await appliance.start();
  expect(
    await appliance.inMount('sh', ['-ec', 'mkdir d; echo page > d/page; ln -s d/page link']),
  ).toMatchObject({ code: 0 });
  await everyMirrorInSync(appliance, IN_SYNC_LIMIT_MS);
});

afterAll(async () => {
  await appliance?.stop();
  for (const mirror of mirrors ?? []) await mirror.stop();
  await temp.remove();
});

/** `proxyfs` as installed, but for an appliance that doesn't listen at the usual place. */
async function shell(command: string) {
  const program = join(temp.path, 'proxyfs');
  const main = `"${process.execPath}" "${join(TOP, 'dist/server/main.cjs')}" "$@"`;
  await writeFile(
    program,
    `#!/bin/sh\ncase $1 in check|doctor) exec ${main};; esac\nexec ${main} --url ${appliance.url}\n`,
  );
  await chmod(program, 0o755);
  const here = command
    .replaceAll('/etc/proxyfs/proxyfs.yml', appliance.configFile)
    .replaceAll('http://127.0.0.1:8080', appliance.url.replace(/\/$/, ''));
  const env = { PATH: `${temp.path}:${process.env['PATH'] ?? ''}`, PROXYFS_TOKEN: appliance.token };
  return runCommand('sh', ['-c', here], { env });
}

describe("the operators' manual", () => {
  it('has the commands that are tested here', () => {
    expect(COMMANDS.length).toBeGreaterThan(15);
    expect(COMMANDS.filter((command) => !/^(proxyfs|curl) /.test(command))).toEqual([]);
    expect(METRICS.length).toBeGreaterThan(3);
  });

  it.each([...new Set(COMMANDS)])('%s', async (command) => {
    await everyMirrorInSync(appliance, IN_SYNC_LIMIT_MS);
    const { code, stdout, stderr } = await shell(command);
    expect({ code, stdout, stderr }).toMatchObject({ code: 0 });
    if (command.startsWith('proxyfs detach')) expect((await shell('proxyfs attach web1')).code).toBe(0);
  });

  it('shows right how a delivery is verified', async () => {
    const [verify = ''] = /^printf .*openssl.*$/m.exec(MANUAL) ?? [];
    const receiver = await WebhookReceiver.start();
    try {
      const made = await shell(`proxyfs add-webhook ${receiver.url} --event job.state`);
      const [id = '', secret = ''] = made.stdout.trim().split(' ');
      expect(await shell(`proxyfs test-webhook ${id}`)).toMatchObject({ code: 0 });
      const { headers, body } = await waitUntil('the delivery arrives', () => receiver.received[0]);
      const { code, stdout } = await runCommand('sh', ['-c', verify], {
        env: {
          PATH: process.env['PATH'] ?? '',
          ID: String(headers['webhook-id']),
          TIMESTAMP: String(headers['webhook-timestamp']),
          BODY: body,
          SECRET: secret,
        },
      });
      expect([code, stdout.trim()]).toEqual([0, headers['webhook-signature']]);
      expect(await shell(`proxyfs remove-webhook ${id}`)).toMatchObject({ code: 0 });
    } finally {
      await receiver.stop();
    }
  });

  it('names metrics that there are', async () => {
    const { body } = await appliance.api('/metrics');
    const names = METRICS.map((metric) => metric.replace(/\{(.*)\}/, '.*$1'));
    for (const name of names) expect(body).toMatch(new RegExp(`^${name}.* `, 'm'));
  });

  it('tells right what a full state_path does, and how to go on', async () => {
    const disk = smallDisk({ sizeBytes: 8 * 1024 * 1024, kind: 'tmpfs' });
    const other = new ApplianceProcess({ mirrors: [], configuration: { state_path: disk.path } });
    const make = (from: number, to: number) =>
      other.inMount('sh', [
        '-c',
        `for i in $(seq ${from} ${to}); do mkdir d$i && echo x > d$i/f || exit; done`,
      ]);
    try {
      await other.start();
      expect(await make(1, 5)).toMatchObject({ code: 0, stderr: '' });
      disk.fill();
      expect((await make(6, 2000)).stderr).toMatch(/Input\/output error/);
      const { body } = await other.api('/api/v1/transactions?outcome=rolled-back');
      expect(body).toMatchObject({ items: [{ error: { code: 'JOURNAL_FAILED', errno: 'EIO' } }] });
      // Acknowledged or not, these leave a journal that goes on.
      await other.inMount('sh', ['-c', 'for i in 1 2 3 4 5; do echo y >> d$i/f; done']);
      disk.free();
      expect(await make(2001, 2005)).toMatchObject({ code: 0, stderr: '' });
      expect(
        await other.inMount('sh', ['-ec', 'for i in 1 2 3 4 5; do echo z >> d$i/f; done']),
      ).toMatchObject({
        code: 0,
        stderr: '',
      });
    } finally {
      await other.stop();
      disk.remove();
    }
  });

  it('tells right how to go on after a damaged journal', async () => {
    expect(await appliance.terminate()).toBe(0);
    const journal = join(appliance.localPath, '.proxyfs/journal');
    await writeFile(join(journal, 'data.mdb'), Buffer.alloc(64 * 1024, 'damaged'));
    await expect(appliance.start()).rejects.toThrow(/JOURNAL_DAMAGED/);
    await rm(journal, { recursive: true });
    await appliance.start();
    await everyMirrorInSync(appliance, IN_SYNC_LIMIT_MS);
    await appliance.terminate();
    await rm(journal, { recursive: true });
    await writeFile(join(mirrors[0]?.root ?? '', 'd/page'), 'something else');
    await appliance.start();
    expect((await shell('proxyfs mirrors')).stdout).toMatch(/web1 .*ADOPTION_NEEDED/);
    expect(await shell('proxyfs resync web1 --adopt')).toMatchObject({ code: 0 });
    await everyMirrorInSync(appliance, IN_SYNC_LIMIT_MS);
    expect(await readFile(join(mirrors[0]?.root ?? '', 'd/page'), 'utf8')).toBe('page\n');
  });
});
