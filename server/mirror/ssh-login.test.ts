import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MirrorConfiguration } from '../config/configuration.ts';
import { Authentication } from './authentication.ts';
import { type LoginEnvironment, resolveLogin } from './ssh-login.ts';

let home: string;
let environment: LoginEnvironment;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'proxyfs-login-'));
  mkdirSync(join(home, '.ssh'));
  environment = { homeDirectory: home, userName: 'me', agentSocket: undefined, systemKnownHosts: [] };
});
afterEach(() => rmSync(home, { recursive: true }));

describe('where a login leads', () => {
  test('to the host itself as the own user on port 22 where nothing else is said', async () => {
    expect(await resolveLogin(config(), environment)).toMatchObject({ host: 'web1', port: 22, user: 'me' });
  });

  test('to what ~/.ssh/config says of the host', async () => {
    ssh(
      'config',
      'host web*\n  HostName %h.example.org\n  port 2222\n  User deploy\n  HostKeyAlias cluster\n',
    );
    const login = await resolveLogin(config(), environment);
    expect(login).toMatchObject({ host: 'web1.example.org', port: 2222, user: 'deploy' });
    expect(login.hostKeys).toMatchObject({ host: 'web1.example.org', port: 2222, alias: 'cluster' });
  });

  test('to what the configuration says before ~/.ssh/config', async () => {
    ssh('config', 'Host web1\n  Port 2222\n  User deploy\n');
    const login = await resolveLogin(config({ port: 22, user: 'root' }), environment);
    expect(login).toMatchObject({ port: 22, user: 'root' });
  });
});

describe('the credentials', () => {
  test('are the agent, the default keys that exist, and the password, in this order', async () => {
    ssh('id_rsa', 'rsa');
    ssh('id_ed25519', 'ed25519');
    const login = await resolveLogin(config({ password: 'secret' }), {
      ...environment,
      agentSocket: '/agent',
    });
    expect(
      login.credentials.map((credential) => ('path' in credential ? credential.path : credential.kind)),
    ).toEqual(['agent', join(home, '.ssh/id_ed25519'), join(home, '.ssh/id_rsa'), 'password']);
  });

  test('begin with the identity file, and leave out the default keys', async () => {
    ssh('id_rsa', 'rsa');
    ssh('deploy', 'key');
    const login = await resolveLogin(config({ identityFile: join(home, '.ssh/deploy') }), environment);
    expect(login.credentials).toMatchObject([{ kind: 'key', path: join(home, '.ssh/deploy') }]);
  });

  test('hold the IdentityFile of ~/.ssh/config in place of the default keys', async () => {
    ssh('id_rsa', 'rsa');
    ssh('web1_key', 'key');
    ssh('config', 'Host web1\n  IdentityFile ~/.ssh/%h_key\n');
    const login = await resolveLogin(config(), environment);
    expect(login.credentials).toMatchObject([{ kind: 'key', path: join(home, '.ssh/web1_key') }]);
  });

  test('are refused when the identity file is missing', async () => {
    await expect(resolveLogin(config({ identityFile: '/nowhere' }), environment)).rejects.toMatchObject({
      code: 'LOGIN_REFUSED',
    });
  });
});

describe('the known hosts', () => {
  test('are those of the user by default', async () => {
    ssh('known_hosts', 'web1 ssh-ed25519 AAAA\n');
    const { hostKeys } = await resolveLogin(config(), environment);
    expect(hostKeys.knownHosts).toHaveLength(1);
    expect(hostKeys.knownHostsFile).toBe(join(home, '.ssh/known_hosts'));
  });

  test('are those of the configured file alone', async () => {
    ssh('known_hosts', 'web1 ssh-ed25519 AAAA\n');
    const own = join(home, 'own');
    writeFileSync(own, '');
    const { hostKeys } = await resolveLogin(config({ knownHosts: own }), environment);
    expect(hostKeys).toMatchObject({ knownHosts: [], knownHostsFile: own });
  });

  test('are those of UserKnownHostsFile of ~/.ssh/config', async () => {
    ssh('config', 'Host *\n  UserKnownHostsFile ~/.ssh/a ~/.ssh/b\n');
    ssh('b', 'web1 ssh-ed25519 AAAA\n');
    const { hostKeys } = await resolveLogin(config(), environment);
    expect(hostKeys.knownHosts).toHaveLength(1);
  });
});

describe('authentication', () => {
  test.each([['PEM'], ['RFC4716']])('says that a key needs a passphrase (%s)', async (format) => {
    const path = join(home, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-b', '1024', '-m', format, '-N', 'secret', '-f', path]);
    const authentication = new Authentication(
      await resolveLogin(config({ identityFile: path }), environment),
    );
    expect(offers(authentication)).toEqual([]);
    expect(authentication.exhausted).toBe(true);
    expect(authentication.refusal()).toMatchObject({ code: 'LOGIN_REFUSED' });
    expect(authentication.refusal().message).toContain(`${path} is protected by a passphrase`);
  });

  test('passes over what the server does not take', async () => {
    const path = join(home, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path]);
    const login = await resolveLogin(config({ identityFile: path, password: 'secret' }), environment);
    expect(offers(new Authentication(login))).toEqual(['publickey', 'password', 'keyboard-interactive']);
    expect(offers(new Authentication(login), ['keyboard-interactive'])).toEqual(['keyboard-interactive']);
    expect(readFileSync(path)).not.toHaveLength(0);
  });

  test('never tells a secret in its refusal', async () => {
    const authentication = new Authentication(
      await resolveLogin(config({ password: 'secret' }), environment),
    );
    offers(authentication);
    expect(JSON.stringify(authentication.refusal())).not.toContain('secret');
  });
});

function offers(authentication: Authentication, accepted?: string[]): string[] {
  const types: string[] = [];
  while (!authentication.exhausted) {
    authentication.next(accepted as never, false, (offer) => {
      if (typeof offer === 'object') types.push(offer.type);
    });
  }
  return types;
}

function ssh(name: string, content: string): void {
  writeFileSync(join(home, '.ssh', name), content);
}

function config(changes: Partial<MirrorConfiguration> = {}): MirrorConfiguration {
  return {
    name: 'web1',
    host: 'web1',
    port: undefined,
    user: undefined,
    path: '/srv/www',
    identityFile: undefined,
    password: undefined,
    knownHosts: undefined,
    hostKey: undefined,
    required: true,
    owner: 'auto',
    bandwidthLimit: undefined,
    connections: 1,
    ...changes,
  };
}
