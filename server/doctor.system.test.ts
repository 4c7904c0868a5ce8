import { chmod, copyFile, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Finding } from './doctor/finding.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { runCommand } from './testing/run-command.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { tempDirectory, type TempDirectory } from './testing/temp-directory.ts';

const MAIN = resolve(import.meta.dirname, '../dist/server/main.cjs');

let temp: TempDirectory;
let mirrors: SshdMirror[];
let appliance: ApplianceProcess;

beforeAll(async () => {
  temp = await tempDirectory('doctor');
  mirrors = [
    await startSshdMirror({ name: 'm1' }),
    await startSshdMirror({ name: 'm2', sftpFlags: '-P fsync' }),
  ];
  const openKey = join(temp.path, 'key');
  await copyFile(mirrors[1]?.identityFile ?? '', openKey);
  await chmod(openKey, 0o644);
  appliance = new ApplianceProcess({
    mirrors: mirrors.map((mirror) => mirror.config(mirror.name === 'm2' ? { identityFile: openKey } : {})),
    configuration: { state_path: join(temp.path, 'state'), timeout: 1, tries: { times: 1, wait: [] } },
  });
  await mkdir(join(temp.path, 'state'));
  await appliance.prepare();
});

afterAll(async () => {
  await appliance?.stop();
  for (const mirror of mirrors ?? []) await mirror.stop();
  await temp.remove();
});

const doctor = (...options: string[]) =>
  runCommand(process.execPath, [MAIN, 'doctor', appliance.configFile, ...options]);

async function findings(): Promise<readonly Finding[]> {
  return (JSON.parse((await doctor('--json')).stdout) as { findings: Finding[] }).findings;
}

it('finds a sound machine fine, says what could be better, and ends with 0', async () => {
  const { code, stdout } = await doctor();
  expect({ code, stdout }).toMatchObject({ code: 0 });
  const lines = stdout.split('\n').map((line) => line.replaceAll(/ {2,}/g, ' | '));
  expect(lines[0]).toBe('CHECK | OF | VERDICT | WHAT');
  expect(lines).toContain(`mount point | ${appliance.mountPoint} | fine | an empty directory`);
  expect(lines).toContain('driver | kernel | fine | run by root, who may mount');
  expect(lines).toContainEqual(expect.stringMatching(/^space \| .*\/local \| fine \| \d+ MiB free$/));
  expect(lines).toContainEqual(expect.stringMatching(/^space \| .*\/state \| fine \| \d+ MiB free$/));
  expect(lines).toContainEqual(expect.stringMatching(/^mirror \| m1 \| fine \| \d+ MiB free$/));
  expect(lines).toContain('mirror | m2 | warning | fsync does not reach its disk');
  expect(lines).toContainEqual(
    expect.stringMatching(/^login \| m2 \| warning \| .*\/key can be read by others: chmod 600$/),
  );
});

it('tells a mount that is alive from one that is dead, which it leaves alone', async () => {
  // Where the tests run in a container themselves the host is another matter.
  const mountPoint = async () =>
    (await findings()).filter(({ check, message }) => check === 'mount point' && !/the host/.test(message));
  await appliance.start();
  expect(await mountPoint()).toMatchObject([
    { verdict: 'fine', message: expect.stringMatching(/alive/) as string },
  ]);
  await appliance.kill9();
  expect(await mountPoint()).toMatchObject([
    { verdict: 'warning', message: expect.stringMatching(/dead/) as string },
  ]);
  expect(await mountPoint()).toMatchObject([{ verdict: 'warning' }]);
});

it('ends with 1 where a mirror can not be reached, and with 78 where the configuration has mistakes', async () => {
  await mirrors[0]?.kill();
  const { code, stdout } = await doctor('--json');
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    findings: expect.arrayContaining([
      {
        check: 'mirror',
        about: 'm1',
        verdict: 'failed',
        message: expect.stringMatching(/^MIRROR_UNREACHABLE/) as string,
      },
    ]) as Finding[],
  });
  expect(await runCommand(process.execPath, [MAIN, 'doctor', '/nowhere.yml'])).toMatchObject({ code: 78 });
});
