import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { fingerprint, type HostKeyRules, hostKeyAlgorithms, refusalOfHostKey } from './host-keys.ts';
import { parseKnownHosts } from './known-hosts.ts';

const KEY = keyOf('ssh-ed25519', 'one');
const OTHER = keyOf('ssh-ed25519', 'two');
const RSA = keyOf('ssh-rsa', 'three');

describe('a host key against known_hosts', () => {
  test.each([
    ['a plain name', line('web1')],
    ['a name in other letters', line('WEB1')],
    ['one of a list', line('10.0.0.1,web1,web2')],
    ['a wildcard', line('w?b*')],
    ['a hashed name', line(hashed('web1'))],
    ['a line after damaged ones', `garbage\n\nweb1\n# ${line('x')}\nweb1 ssh-ed25519\n${line('web1')}`],
    ['a second line after another key', `${line('web1', OTHER)}\n${line('web1')}`],
  ])('is accepted by %s', (_how, text) => {
    expect(refusalOfHostKey(KEY, rules(text))).toBeUndefined();
  });

  test.each([
    ['an empty file', ''],
    ['a line for another host', line('web2')],
    ['a longer name', line('web11')],
    ['a negated pattern', line('web*,!web1')],
    ['another name hashed', line(hashed('web2'))],
    ['a certificate authority', `@cert-authority ${line('web1')}`],
    ['a commented line', `#${line('web1')}`],
    ['a line for another port', line('[web1]:2222')],
    ['an unknown marker', `@trusted ${line('web1')}`],
  ])('is unknown with %s', (_how, text) => {
    const refusal = refusalOfHostKey(KEY, rules(text));
    expect(refusal?.code).toBe('HOST_KEY_UNKNOWN');
    expect(refusal?.message).toContain(fingerprint(KEY));
    expect(refusal?.message).toContain('ssh-ed25519');
    expect(refusal?.message).toContain('ssh-keyscan -t ed25519 -p 22 web1');
  });

  test('is changed when the host is known by another key, and both fingerprints are named', () => {
    const refusal = refusalOfHostKey(KEY, rules(line('web1', OTHER)));
    expect(refusal?.code).toBe('HOST_KEY_CHANGED');
    expect(refusal?.message).toContain(fingerprint(KEY));
    expect(refusal?.message).toContain(fingerprint(OTHER));
  });

  test('is refused when it is revoked, even where another line trusts it', () => {
    const refusal = refusalOfHostKey(KEY, rules(`${line('web1')}\n@revoked ${line('*')}`));
    expect(refusal?.code).toBe('HOST_KEY_CHANGED');
  });

  test('is looked up with its port where that is not 22, and then without', () => {
    const at2222 = { ...rules(line('[web1]:2222')), port: 2222 };
    expect(refusalOfHostKey(KEY, at2222)).toBeUndefined();
    expect(refusalOfHostKey(KEY, { ...rules(line('web1')), port: 2222 })).toBeUndefined();
    const both = `${line('[web1]:2222', OTHER)}\n${line('web1')}`;
    expect(refusalOfHostKey(KEY, { ...rules(both), port: 2222 })?.code).toBe('HOST_KEY_CHANGED');
  });

  test('is looked up by its alias where there is one', () => {
    expect(refusalOfHostKey(KEY, { ...rules(line('cluster')), alias: 'cluster' })).toBeUndefined();
    expect(refusalOfHostKey(KEY, { ...rules(line('web1')), alias: 'cluster' })?.code).toBe(
      'HOST_KEY_UNKNOWN',
    );
  });
});

describe('a host key against a pin', () => {
  test('is accepted when it is that key, with or without padding', () => {
    expect(refusalOfHostKey(KEY, { ...rules(''), pin: fingerprint(KEY) })).toBeUndefined();
    expect(refusalOfHostKey(KEY, { ...rules(''), pin: `${fingerprint(KEY)}=` })).toBeUndefined();
  });

  test('is refused when it is another, even if known_hosts trusts it', () => {
    const refusal = refusalOfHostKey(KEY, { ...rules(line('web1')), pin: fingerprint(OTHER) });
    expect(refusal?.code).toBe('HOST_KEY_CHANGED');
    expect(refusal?.message).toContain(fingerprint(OTHER));
  });
});

describe('the algorithms offered', () => {
  test('begin with those of the known keys', () => {
    expect(hostKeyAlgorithms(rules(line('web1', RSA))).slice(0, 3)).toEqual([
      'rsa-sha2-512',
      'rsa-sha2-256',
      'ssh-ed25519',
    ]);
    expect(hostKeyAlgorithms(rules(''))[0]).toBe('ssh-ed25519');
  });
});

function rules(text: string): HostKeyRules {
  return {
    host: 'web1',
    port: 22,
    pin: undefined,
    knownHosts: parseKnownHosts(text),
    knownHostsFile: '/home/me/.ssh/known_hosts',
  };
}

function line(hosts: string, key = KEY): string {
  const type = key.subarray(4, 4 + key.readUInt32BE(0)).toString();
  return `${hosts} ${type} ${key.toString('base64')} a comment`;
}

function hashed(name: string): string {
  const salt = Buffer.from('salt of twenty bytes');
  return `|1|${salt.toString('base64')}|${createHmac('sha1', salt).update(name).digest('base64')}`;
}

function keyOf(type: string, body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(body.repeat(8))]);
}
