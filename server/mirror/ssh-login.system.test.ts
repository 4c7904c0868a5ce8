import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { AppError } from '../base/errors.ts';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { ScriptedSftp } from '../testing/scripted-sftp.ts';
import { type SshdMirror, type SshdOptions, startSshdMirror } from '../testing/sshd-mirror.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { SftpSession } from './sftp-session.ts';
import { type LoginEnvironment, resolveLogin } from './ssh-login.ts';

let server: SshdMirror | undefined;
let home: TempDirectory | undefined;
let agent: ChildProcess | undefined;
afterEach(async () => {
  agent?.kill();
  await server?.stop();
  await home?.remove();
  agent = undefined;
  server = undefined;
  home = undefined;
});

/** A server, and a home directory that knows nothing yet. */
async function start(
  options: SshdOptions = {},
): Promise<{ server: SshdMirror; environment: LoginEnvironment }> {
  server = await startSshdMirror(options);
  home = await tempDirectory('home');
  mkdirSync(join(home.path, '.ssh'));
  const environment = {
    homeDirectory: home.path,
    userName: 'nobody',
    agentSocket: undefined,
    systemKnownHosts: [],
  };
  return { server, environment };
}

/** Logs in and asks something: "in", or the code of the refusal and its words. */
async function login(
  config: MirrorConfiguration,
  environment?: LoginEnvironment,
): Promise<[string, string?]> {
  try {
    const session = await SftpSession.open(await resolveLogin(config, environment), { timeoutMs: 5000 });
    await session.realpath('.');
    session.end(new AppError('SHUTTING_DOWN'));
    return ['in'];
  } catch (thrown) {
    if (thrown instanceof AppError) return [thrown.code, thrown.message];
    throw thrown;
  }
}

test('a default key that the server knows is enough', async () => {
  const { server, environment } = await start();
  copyFileSync(server.identityFile, join(environment.homeDirectory, '.ssh/id_ed25519'));
  expect(await login(server.config({ identityFile: undefined }), environment)).toEqual(['in']);
});

test.each(['rsa', 'ecdsa'])('an identity file of type %s works', async (type) => {
  const { server, environment } = await start();
  const key = join(environment.homeDirectory, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', key]);
  appendFileSync(`${server.identityFile}.pub`, execFileSync('cat', [`${key}.pub`]));
  expect(await login(server.config({ identityFile: key }), environment)).toEqual(['in']);
});

test('a key with a passphrase needs the agent, and is found there', async () => {
  const { server, environment } = await start();
  const key = join(environment.homeDirectory, 'key');
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret', '-f', key]);
  appendFileSync(`${server.identityFile}.pub`, execFileSync('cat', [`${key}.pub`]));
  const [code, message] = await login(server.config({ identityFile: key }), environment);
  expect(code).toBe('LOGIN_REFUSED');
  expect(message).toContain('protected by a passphrase');

  const agentSocket = join(environment.homeDirectory, 'agent');
  agent = spawn('ssh-agent', ['-D', '-a', agentSocket], { stdio: 'ignore' });
  await waitUntil('the agent listens', () => existsSync(agentSocket));
  execFileSync('ssh-keygen', ['-q', '-p', '-P', 'secret', '-N', '', '-f', key]);
  execFileSync('ssh-add', ['-q', key], {
    env: { ...process.env, SSH_AUTH_SOCK: agentSocket },
    stdio: 'ignore',
  });
  execFileSync('ssh-keygen', ['-q', '-p', '-P', '', '-N', 'secret', '-f', key]);
  expect(await login(server.config({ identityFile: key }), { ...environment, agentSocket })).toEqual(['in']);
  rmSync(key);
  expect(await login(server.config({ identityFile: undefined }), { ...environment, agentSocket })).toEqual([
    'in',
  ]);
});

test('an agent that is gone is passed over', async () => {
  const { server, environment } = await start();
  copyFileSync(server.identityFile, join(environment.homeDirectory, '.ssh/id_ed25519'));
  const config = server.config({ identityFile: undefined });
  expect(await login(config, { ...environment, agentSocket: '/nowhere/agent' })).toEqual(['in']);
});

test('a server with several host keys is asked for the one that is known', async () => {
  const { server } = await start({ hostKeyTypes: ['ed25519', 'ecdsa', 'rsa'] });
  expect(await login(server.config())).toEqual(['in']);
});

test('a password is taken, and a wrong one refused without being told', async () => {
  const scripted = new ScriptedSftp({ password: 'right' });
  await scripted.start();
  const config = (password: string) => ({
    ...scripted.mirrorConfiguration('scripted'),
    identityFile: undefined,
    password,
  });
  const nothing = {
    homeDirectory: '/nowhere',
    userName: 'nobody',
    agentSocket: undefined,
    systemKnownHosts: [],
  };
  expect(await login(config('right'), nothing)).toEqual(['in']);
  const [code, message] = await login(config('wrong one'), nothing);
  expect(code).toBe('LOGIN_REFUSED');
  expect(message).not.toContain('wrong one');
  await scripted.stop();
});
