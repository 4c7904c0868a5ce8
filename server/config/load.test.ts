import { symlink, mkdir, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TempDirectory, tempDirectory } from '../testing/temp-directory.ts';
import type { Configuration } from './configuration.ts';
import { loadConfiguration } from './load.ts';
import { ConfigurationError, keyText } from './problem.ts';

const SAMPLE = `local_path: /srv/www
mount_point: /mnt/www
tries: { times: 2, wait: [ 1, 5 ] }
timeout: 5
mirrors:
  web1: { host: 10.0.0.11, user: deploy, path: /srv/www }
`;

let directory: TempDirectory;
let file: string;

beforeEach(async () => {
  directory = await tempDirectory('config');
  file = join(directory.path, 'proxyfs.yml');
});

afterEach(() => directory.remove());

async function load(text: string | Uint8Array, env: NodeJS.ProcessEnv = {}): Promise<Configuration> {
  await writeFile(file, text);
  return loadConfiguration(file, env);
}

async function failure(text: string | Uint8Array, env: NodeJS.ProcessEnv = {}): Promise<ConfigurationError> {
  try {
    await load(text, env);
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) return thrown;
    throw thrown;
  }
  throw new Error('the configuration was accepted');
}

/** The problems as `LINE:COLUMN key`. */
async function places(text: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const { problems } = await failure(text, env);
  return problems.map(({ line, column, key }) => `${line}:${column} ${keyText(key)}`);
}

/** The messages for one key. */
async function messages(text: string, key: string, env: NodeJS.ProcessEnv = {}): Promise<string[]> {
  const { problems } = await failure(text, env);
  return problems.filter((problem) => keyText(problem.key) === key).map((problem) => problem.message);
}

/** The sample with some keys replaced or added, which then come first. */
function sampleWith(values: Record<string, string>): string {
  const kept = SAMPLE.split(/\n(?! )/).filter(
    (entry) => !Object.keys(values).some((key) => entry.startsWith(`${key}:`)),
  );
  return [...Object.entries(values).map(([key, value]) => `${key}: ${value}`), ...kept].join('\n');
}

function sampleWithMirror(more: string): string {
  return SAMPLE.replace('path: /srv/www }', `path: /srv/www, ${more} }`);
}

describe('a valid file', () => {
  it('loads the sample with every default filled in', async () => {
    expect(await load(SAMPLE)).toEqual({
      localPath: '/srv/www',
      mountPoint: '/mnt/www',
      statePath: '/srv/www/.proxyfs',
      exclude: [],
      commit: 'write',
      tries: { times: 2, waitMs: [1000, 5000] },
      timeoutMs: 5000,
      mirrors: [
        {
          name: 'web1',
          host: '10.0.0.11',
          port: undefined,
          user: 'deploy',
          path: '/srv/www',
          identityFile: undefined,
          password: undefined,
          knownHosts: undefined,
          hostKey: undefined,
          required: true,
          owner: 'auto',
          bandwidthLimit: undefined,
          connections: 1,
        },
      ],
      mount: { driver: 'auto', allowOther: process.getuid?.() === 0 },
      http: {
        host: '127.0.0.1',
        port: 8080,
        token: undefined,
        allowedHosts: [],
        basePath: '',
        trustedProxies: [],
        tls: undefined,
      },
      scrub: { schedule: undefined, rateLimit: undefined },
      log: { level: 'info' },
    });
  });

  it('reads a schedule of scrubs', async () => {
    const { scrub } = await load(sampleWith({ scrub: '{ every: 7d, at: "03:30", rate_limit: 1M }' }));
    const everyMs = 7 * 24 * 3600 * 1000;
    expect(scrub).toEqual({
      schedule: { everyMs, at: { hour: 3, minute: 30 }, compare: 'quick', repair: false },
      rateLimit: 1024 ** 2,
    });
    const often = await load(sampleWith({ scrub: '{ every: 12h, compare: content, repair: true }' }));
    expect(often.scrub.schedule).toEqual({
      everyMs: 12 * 3600 * 1000,
      at: undefined,
      compare: 'content',
      repair: true,
    });
  });

  it('takes fractions of seconds', async () => {
    const { timeoutMs, tries } = await load(
      sampleWith({ timeout: '0.5', tries: '{ times: 3, wait: [0, 0.25] }' }),
    );
    expect({ timeoutMs, tries }).toEqual({ timeoutMs: 500, tries: { times: 3, waitMs: [0, 250] } });
  });

  it('takes the tries and the timeout from the defaults where they are left out', async () => {
    const { timeoutMs, tries } = await load(
      'local_path: /a\nmount_point: /b\nmirrors: { m: { host: h, path: /p } }\n',
    );
    expect({ timeoutMs, tries }).toEqual({ timeoutMs: 5000, tries: { times: 2, waitMs: [1000, 5000] } });
  });

  it('resolves relative paths from the directory of the file, and ~/ from the home directory', async () => {
    const home = join(directory.path, 'home');
    await mkdir(join(home, '.ssh'), { recursive: true });
    await writeFile(join(home, '.ssh/key'), 'key');
    await writeFile(join(home, '.ssh/known'), '');
    await writeFile(join(directory.path, 'password'), 'pass word \r\n');
    const configuration = await load(
      sampleWithMirror('identity_file: ~/.ssh/key, known_hosts: ~/.ssh/known, password_file: ./password')
        .replace('local_path: /srv/www', 'local_path: tree/')
        .replace('mount_point: /mnt/www', 'mount_point: ~/mount'),
      { HOME: home },
    );
    expect(configuration).toMatchObject({
      localPath: join(directory.path, 'tree'),
      mountPoint: join(home, 'mount'),
      statePath: join(directory.path, 'tree/.proxyfs'),
    });
    expect(configuration.mirrors[0]).toMatchObject({
      identityFile: join(home, '.ssh/key'),
      knownHosts: join(home, '.ssh/known'),
      password: 'pass word ',
    });
  });

  it.each([
    ['4096', 4096],
    ['10M', 10 * 1024 ** 2],
    ["'500K'", 500 * 1024],
    ['1.5G', 1.5 * 1024 ** 3],
  ])('reads the bandwidth limit %s as bytes per second', async (written, bytes) => {
    const { mirrors } = await load(sampleWithMirror(`bandwidth_limit: ${written}`));
    expect(mirrors[0]?.bandwidthLimit).toBe(bytes);
  });

  it.each([
    ['/srv//www/', '/srv/www'],
    ['www/', 'www'],
    ['./www', 'www'],
    ['~/www', 'www'],
    ['~//sites/./www', 'sites/www'],
  ])('reads the mirror path %s as %s', async (written, path) => {
    const { mirrors } = await load(SAMPLE.replace('path: /srv/www }', `path: ${written} }`));
    expect(mirrors[0]?.path).toBe(path);
  });

  it.each([
    ['127.0.0.1:0', '127.0.0.1', 0],
    ["'[::1]:8080'", '::1', 8080],
    ['localhost:65535', 'localhost', 65535],
  ])('listens on %s', async (written, host, port) => {
    const { http } = await load(
      sampleWith({ http: `{ listen: ${written}, allowed_hosts: [Files.Example.org] }` }),
    );
    expect(http).toMatchObject({ host, port, allowedHosts: ['files.example.org'] });
  });

  it('takes an empty list of mirrors: the local directory alone', async () => {
    expect((await load(sampleWith({ mirrors: '{}' }))).mirrors).toEqual([]);
  });

  it('lets two logins have the same relative path on one server', async () => {
    const { mirrors } = await load(
      sampleWith({ mirrors: '{ a: { host: h, user: x, path: www }, b: { host: h, user: y, path: www } }' }),
    );
    expect(mirrors).toHaveLength(2);
  });

  it('lets a state path lie beside the tree or in its .proxyfs', async () => {
    expect((await load(sampleWith({ state_path: '/var/lib/proxyfs' }))).statePath).toBe('/var/lib/proxyfs');
    expect((await load(sampleWith({ state_path: '/srv/www/.proxyfs/a' }))).statePath).toBe(
      '/srv/www/.proxyfs/a',
    );
  });

  it('skips a byte order mark and reads Windows line ends', async () => {
    const { mountPoint } = await load(`\ufeff${SAMPLE.replaceAll('\n', '\r\n')}`);
    expect(mountPoint).toBe('/mnt/www');
  });
});

describe('a file with mistakes', () => {
  it('lists ten mistakes at once, each in its place', async () => {
    const text = `local_path: /srv/www
mount_point: /srv/www/mnt
tries:
  times: 0
  wiat: [1]
timeout: '5'
timeout: 6
mirrors:
  web1: { host: 10.0.0.11, path: / }
  Web2:
    host: 10.0.0.12
    password: tiger
    path: /srv/www
  web3: { user: deploy, host: 10.0.0.12, path: /srv/www/sub }
log: { level: inof }
`;
    const error = await failure(text);
    expect(error.message.split('\n').map((line) => line.replace(`${file}:`, ''))).toEqual([
      '2:14: mount_point: lies inside local_path',
      '4:10: tries.times: must be at least 1',
      '5:3: tries.wiat: is not a known key (did you mean wait?)',
      '6:10: timeout: needs a number, not a text',
      '7:1: timeout: is given twice, first in line 6',
      '9:34: mirrors.web1.path: must be a directory of its own, neither / nor the whole home directory',
      '10:3: mirrors.Web2: a name has 1 to 63 of a-z 0-9 . _ - and begins with a letter or digit',
      '12:5: mirrors.Web2.password: passwords are not kept in this file; use password_file',
      '14:48: mirrors.web3.path: lies inside the directory of mirror Web2',
      '15:15: log.level: must be one of debug, info, warn, error (did you mean info?)',
    ]);
    expect(error.problems).toHaveLength(10);
    expect(error.code).toBe('CONFIG_INVALID');
  });

  it('names missing keys where the map around them begins', async () => {
    expect(await places('mirrors:\n  web1:\n    user: me\n')).toEqual([
      '1:1 local_path',
      '1:1 mount_point',
      '2:3 mirrors.web1.host',
      '2:3 mirrors.web1.path',
    ]);
  });

  it('points at a key that has no value', async () => {
    expect(await places(sampleWith({ timeout: '' }))).toEqual(['1:1 timeout']);
  });

  it('takes a file with its version, and says of a newer one nothing but that', async () => {
    expect(await load(sampleWith({ version: '1' }))).toMatchObject({ timeoutMs: 5000 });
    const newer = sampleWith({ version: '2', no_such_key: 'x' });
    expect(await places(newer)).toEqual(['1:10 version']);
    expect(await messages(newer, 'version')).toEqual([expect.stringContaining('newer Proxyfs')]);
  });

  it.each([['commit', 'close']])('refuses %s: %s, which this version cannot do', async (key, value) => {
    expect(await messages(sampleWith({ [key]: value }), key)).toEqual([
      expect.stringContaining('not supported'),
    ]);
  });

  it.each([
    ["'#comment'", 'is a comment'],
    ["''", 'must not be empty'],
    ["'/'", 'names nothing'],
    ["'!'", 'names nothing'],
    ["'[ab'", 'without its ]'],
    ["'name\\'", 'escapes nothing'],
    ["'./a'", 'no path has'],
    ["'a/../b'", 'no path has'],
    ["'a//b'", 'no path has'],
    ["'!/..'", 'no path has'],
    ['"a\\nb"', 'control characters'],
    ['7', 'put it into quotes'],
  ])('points at the bad pattern %s', async (pattern, message) => {
    const text = sampleWith({ exclude: `['*.ok', ${pattern}]` });
    expect(await messages(text, 'exclude[1]')).toEqual([expect.stringContaining(message)]);
  });

  it.each([
    '*.tmp',
    '!keep',
    '/a/b/',
    '[]a]x',
    '[[:alpha:]]',
    '\\[x',
    '\\#x',
    '..a/.b',
    'a.',
    '**/x',
    'a\\\\',
  ])('takes the pattern %s', async (pattern) => {
    const text = sampleWith({ exclude: `['${pattern}']` });
    expect(await load(text)).toMatchObject({ exclude: [pattern] });
  });

  it.each([
    ['localPath', 'local_path'],
    ['mirror', 'mirrors'],
    ['time-out', 'timeout'],
    ['stat_path', 'state_path'],
  ])('asks whether %s was meant to be %s', async (written, meant) => {
    expect(await messages(`${SAMPLE}${written}: 1\n`, written)).toEqual([
      `is not a known key (did you mean ${meant}?)`,
    ]);
  });

  it('suggests nothing for a key that resembles none', async () => {
    expect(await messages(sampleWith({ colour: 'red' }), 'colour')).toEqual(['is not a known key']);
  });

  it.each([
    ['tries', '{ times: 101 }', 'tries.times'],
    ['tries', '{ times: 1.5 }', 'tries.times'],
    ['tries', '{ wait: [3601] }', 'tries.wait[0]'],
    ['tries', '{ wait: [-1] }', 'tries.wait[0]'],
    ['tries', '{ times: 2, wait: [] }', 'tries.wait'],
    ['tries', '3', 'tries'],
    ['timeout', '0', 'timeout'],
    ['timeout', '.inf', 'timeout'],
    ['timeout', '.nan', 'timeout'],
    ['timeout', '5s', 'timeout'],
    ['mirrors', '[]', 'mirrors'],
    ['mirrors', '', 'mirrors'],
    ['mirrors', '{ a: { host: h, path: /p }, __proto__: { host: h, path: /q } }', 'mirrors.__proto__'],
    ['mirrors', '{ a: null }', 'mirrors.a'],
    ['__proto__', '{}', '__proto__'],
    ['local_path', "''", 'local_path'],
    ['local_path', '~other/www', 'local_path'],
    ['local_path', '"/srv/\\0"', 'local_path'],
    ['http', '{ listen: 8080 }', 'http.listen'],
    ['http', "{ listen: ':8080' }", 'http.listen'],
    ['http', '{ listen: 127.0.0.300:80 }', 'http.listen'],
    ['http', '{ listen: 127.0.0.1:65536 }', 'http.listen'],
    ['http', '{ listen: "::1:80" }', 'http.listen'],
    ['http', '{ allowed_hosts: [https://x] }', 'http.allowed_hosts[0]'],
    ['http', '{ trust_proxy: [proxy.example] }', 'http.trust_proxy[0]'],
    ['http', '{ trust_proxy: [10.0.0.0/8, 10.0.0.0/33] }', 'http.trust_proxy[1]'],
    ['http', '{ trust_proxy: ["::/x"] }', 'http.trust_proxy[0]'],
    ['mount', '{ driver: fuse }', 'mount.driver'],
    ['mount', '{ allow_other: yes }', 'mount.allow_other'],
    ['scrub', '{ every: 7 }', 'scrub.every'],
    ['scrub', '{ every: 30m }', 'scrub.every'],
    ['scrub', '{ every: 53w }', 'scrub.every'],
    ['scrub', '{ at: "03:00" }', 'scrub.at'],
    ['scrub', '{ every: 36h, at: "03:00" }', 'scrub.at'],
    ['scrub', '{ every: 1d, at: "24:00" }', 'scrub.at'],
    ['scrub', '{ every: 1d, at: 3 }', 'scrub.at'],
    ['scrub', '{ every: 1d, compare: all }', 'scrub.compare'],
    ['scrub', '{ every: 1d, repair: 1 }', 'scrub.repair'],
    ['scrub', '{ rate_limit: 1 }', 'scrub.rate_limit'],
    ['scrub', '{ daily: true }', 'scrub.daily'],
    ['log', '{ level: 3 }', 'log.level'],
  ])('refuses %s: %s', async (key, value, place) => {
    const { problems } = await failure(sampleWith({ [key]: value }));
    expect(problems.map((problem) => keyText(problem.key))).toEqual([place]);
  });

  it.each([
    ['host: deploy@10.0.0.11', 'host', 'user'],
    ['host: "10.0.0.11:22"', 'host', 'port'],
    ['host: "[::1]"', 'host', 'brackets'],
    ['host: -oProxyCommand=x', 'host', 'not a host name'],
    ['user: -l', 'user', 'begin with -'],
    ['port: 0', 'port', 'at least 1'],
    ['port: 65536', 'port', 'at most 65535'],
    ['path: /srv/../etc', 'path', '..'],
    ['path: //', 'path', 'of its own'],
    ['path: "~"', 'path', 'of its own'],
    ['path: ~www/x', 'path', '~user'],
    ['host_key: MD5:aa', 'host_key', 'SHA256:'],
    ['bandwidth_limit: 10', 'bandwidth_limit', 'at least 1K'],
    ['bandwidth_limit: 10Mbit', 'bandwidth_limit', '10M'],
    ['bandwidth_limit: [1]', 'bandwidth_limit', '10M'],
    ['connections: 2', 'connections', 'at most 1'],
    ['owner: keep', 'owner', 'auto, preserve, names, ignore'],
    ['identity_file: missing', 'identity_file', 'no such file'],
    ['known_hosts: .', 'known_hosts', 'it is a directory'],
  ])('refuses a mirror with %s', async (written, key, said) => {
    const [name] = written.split(':');
    const rest = ['host: h', 'path: /p'].filter((part) => !part.startsWith(`${name}:`));
    const text = sampleWith({ mirrors: `{ m: { ${[written, ...rest].join(', ')} } }` }).replace(
      /^ .*$/gm,
      '',
    );
    const { problems } = await failure(text);
    expect(problems).toEqual([expect.objectContaining({ key: ['mirrors', 'm', key], line: 1 })]);
    expect(problems[0]?.message).toContain(said);
  });

  it('caps the list and says how many are left out', async () => {
    const error = await failure(Array.from({ length: 150 }, (_, index) => `key${index}: 1\n`).join(''));
    expect(error.problems).toHaveLength(100);
    expect(error.leftOut).toBe(53);
    expect(error.message.split('\n').at(-1)).toBe(`${file}: and 53 more`);
  });

  it('keeps a key with control characters from forging lines', async () => {
    const error = await failure(`${SAMPLE}"a\\nb\\e[2J": 1\n`);
    expect(error.message).toBe(`${file}:7:1: a\\nb\\u{1b}[2J: is not a known key`);
  });
});

describe('paths that must not overlap', () => {
  it.each([
    ['/srv/www', 'mount_point', 'is the same directory as local_path'],
    ['/srv/www/', 'mount_point', 'is the same directory as local_path'],
    ['/srv/www/sub/mnt', 'mount_point', 'lies inside local_path'],
    ['/srv', 'mount_point', 'local_path lies inside it'],
    ['/', 'mount_point', 'local_path lies inside it'],
  ])('refuses the mount point %s of /srv/www', async (mount, key, message) => {
    expect(await messages(sampleWith({ mount_point: mount }), key)).toContain(message);
  });

  it('tells a common beginning of two names from an overlap', async () => {
    expect((await load(sampleWith({ mount_point: '/srv/www2' }))).mountPoint).toBe('/srv/www2');
    expect((await load(sampleWith({ mount_point: '/srv/..www' }))).mountPoint).toBe('/srv/..www');
  });

  it('follows symbolic links to find an overlap', async () => {
    const tree = join(directory.path, 'tree');
    await mkdir(tree);
    await symlink(tree, join(directory.path, 'link'));
    const text = sampleWith({ local_path: tree, mount_point: join(directory.path, 'link/not/yet') });
    expect(await messages(text, 'mount_point')).toEqual(['lies inside local_path']);
  });

  it('refuses a state path in the mount, or in the tree where it would be mirrored', async () => {
    expect(await messages(sampleWith({ state_path: '/mnt/www/state' }), 'state_path')).toEqual([
      'lies inside mount_point',
    ]);
    for (const path of ['/srv/www', '/srv/www/state', '/srv/www/.proxyfs2']) {
      expect(await messages(sampleWith({ state_path: path }), 'state_path')).toEqual([
        'lies inside local_path, of which only .proxyfs is kept out of the mirrors',
      ]);
    }
  });

  it('refuses to lie inside the mount point itself, and files of a login that do', async () => {
    const text = sampleWithMirror('password_file: pass, identity_file: key, known_hosts: known');
    const { problems } = await failure(text.replace('/mnt/www', directory.path));
    expect(problems.map(({ key, message }) => `${keyText(key)} ${message}`)).toEqual([
      'mount_point this configuration file lies inside it',
      'mirrors.web1.password_file lies inside mount_point',
      'mirrors.web1.identity_file lies inside mount_point',
      'mirrors.web1.known_hosts lies inside mount_point',
    ]);
  });

  it.each([
    ['{ host: H, path: /srv/www }', 'is the directory of mirror a too'],
    ['{ host: h, port: 22, user: other, path: /srv/www/ }', 'is the directory of mirror a too'],
    ['{ host: h, path: /srv/www/sub }', 'lies inside the directory of mirror a'],
    ['{ host: h, path: /srv }', 'the directory of mirror a lies inside it'],
  ])('refuses a second mirror %s', async (second, message) => {
    const text = sampleWith({ mirrors: `{ a: { host: h, path: /srv/www }, b: ${second} }` }).replace(
      /^ .*$/gm,
      '',
    );
    expect(await messages(text, 'mirrors.b.path')).toEqual([message]);
  });

  it.each([
    '{ host: h, port: 2222, path: /srv/www }',
    '{ host: i, path: /srv/www }',
    '{ host: h, path: srv/www }',
  ])('takes a second mirror %s', async (second) => {
    const text = sampleWith({ mirrors: `{ a: { host: h, path: /srv/www }, b: ${second} }` });
    expect((await load(text)).mirrors).toHaveLength(2);
  });

  it.each(['localhost', '127.0.0.1', '"::1"'])(
    'refuses %s as the mirror of its own directory',
    async (host) => {
      expect(await messages(SAMPLE.replace('10.0.0.11', host), 'mirrors.web1.path')).toEqual([
        'overlaps local_path, which is on this machine too',
      ]);
    },
  );

  it('takes a loopback port that is not the machine’s own ssh service', async () => {
    const { mirrors } = await load(SAMPLE.replace('10.0.0.11', 'localhost, port: 2222'));
    expect(mirrors[0]?.port).toBe(2222);
  });
});

describe('a file that is no configuration', () => {
  it.each([
    ['an empty file', '', 1, 1],
    ['comments alone', '# nothing\n\n', 1, 1],
    ['an empty document', '---\n', 1, 1],
    ['a list', '\n- a\n', 2, 1],
    ['a text', 'hello\n', 1, 1],
    ['a tab', 'mirrors:\n\tweb1:\n', 2, 1],
    ['a quote that never ends', 'local_path: "/srv\n', 1, 13],
    ['a second document', `${SAMPLE}---\n${SAMPLE}`, 7, 1],
    ['a tag', 'local_path: !secret x\nmount_point: /m\nmirrors: { a: { host: h, path: /p } }\n', 1, 13],
    ['an alias', 'local_path: &a /l\nmount_point: *a\nmirrors: { a: { host: h, path: /p } }\n', 2, 14],
    [
      'an alias that is never set',
      'local_path: *a\nmount_point: /m\nmirrors: { a: { host: h, path: /p } }\n',
      1,
      13,
    ],
    ['a list as a key', '? [a]\n: 1\n', 1, 3],
  ])('says where %s is wrong, in one problem', async (_what, text, line, column) => {
    const { problems } = await failure(text);
    expect(problems.map((problem) => ({ line: problem.line, column: problem.column }))).toEqual([
      { line, column },
    ]);
  });

  it.each([
    ['flow lists', '['.repeat(200_000)],
    ['block lists', '- '.repeat(100_000)],
    ['maps', Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')],
  ])('refuses %s nested without end', async (_what, text) => {
    const { problems } = await failure(text);
    expect(problems.map((problem) => problem.message)).toEqual(['is nested too deeply']);
  });

  it('refuses aliases that multiply', async () => {
    const bomb = [
      'a0: &a0 [x, x]',
      ...Array.from({ length: 60 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`),
    ];
    const { message } = await failure(bomb.join('\n'));
    expect(message).toContain('aliases (*name) are not supported');
  });

  it('refuses bytes that are not UTF-8', async () => {
    expect((await failure(Buffer.from([0x61, 0xff, 0xfe]))).message).toBe(`${file}: is not UTF-8 text`);
  });

  it('refuses a file of more than 256 KiB', async () => {
    expect((await failure('#'.repeat(256 * 1024 + 1))).message).toContain('more than 262144 bytes');
  });

  it('gives one problem for a file that is not there, a directory or a named pipe', async () => {
    const missing = loadConfiguration(join(directory.path, 'no.yml'), { PROXYFS_LISTEN: 'x' });
    await expect(missing).rejects.toMatchObject({
      problems: [{ key: [], line: undefined, column: undefined, message: 'cannot be read: no such file' }],
    });
    await expect(loadConfiguration(directory.path, {})).rejects.toThrow('it is a directory');
    const pipe = join(directory.path, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(loadConfiguration(pipe, {})).rejects.toThrow('it is not a regular file');
  });
});

describe('secrets', () => {
  it('are never quoted, wherever they were put by mistake', async () => {
    const secret = 'hunter2-hunter2';
    await writeFile(join(directory.path, 'two-lines'), `${secret}\n${secret}\n`);
    const wrong = [
      sampleWithMirror(`password: ${secret}`),
      sampleWithMirror(`password_file: ${secret}`),
      sampleWithMirror(`password_file: two-lines`),
      sampleWithMirror(`identity_file: ${secret}`),
      sampleWithMirror(`port: ${secret}`),
      sampleWithMirror(`owner: ${secret}`),
      sampleWithMirror(`host_key: ${secret}`),
      sampleWithMirror(`password_file: *${secret}`),
      sampleWithMirror(`password_file: !${secret} x`),
      `${SAMPLE}x: "${secret}`,
      `${SAMPLE}x: "\\q${secret}"`,
      `${SAMPLE}x: ${secret}: ${secret}\n`,
      `%${secret}\n---\n${SAMPLE}`,
      `${SAMPLE}x: %${secret}\n`,
      `${SAMPLE}x: [${secret}\n`,
    ];
    for (const text of wrong) {
      const error = await failure(text);
      expect(
        JSON.stringify([error.message, error.problems, error.details, String(error.stack)]),
      ).not.toContain(secret);
    }
    const token = await failure(SAMPLE, { PROXYFS_TOKEN: `${secret} ${secret}`, PROXYFS_LOCAL_PATH: '' });
    expect(token.message).not.toContain(secret);
  });

  it('refuses a password file that is not UTF-8, since the password would silently be another one', async () => {
    await writeFile(join(directory.path, 'latin1'), Buffer.from([0x70, 0xe4]));
    const key = 'mirrors.web1.password_file';
    expect(await messages(sampleWithMirror('password_file: latin1'), key)).toEqual([
      'the file is not UTF-8 text',
    ]);
  });

  it('refuses a password file that is empty', async () => {
    await writeFile(join(directory.path, 'empty'), '\n');
    const key = 'mirrors.web1.password_file';
    expect(await messages(sampleWithMirror('password_file: empty'), key)).toEqual(['the file is empty']);
  });
});
