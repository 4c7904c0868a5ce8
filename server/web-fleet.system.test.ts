import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loadConfiguration } from './config/load.ts';
import { ApplianceProcess } from './testing/appliance-process.ts';
import { freePort } from './testing/free-port.ts';
import { everyMirrorInSync } from './testing/replicas.ts';
import { type RunningCommand, startCommand } from './testing/run-command.ts';
import { type SshdMirror, startSshdMirror } from './testing/sshd-mirror.ts';
import { tempDirectory, type TempDirectory } from './testing/temp-directory.ts';
import { waitUntil } from './testing/wait-until.ts';

const EXAMPLE = resolve(import.meta.dirname, '../examples/web-fleet');
const PUBLISH = join(EXAMPLE, 'publish.sh');
const VERSIONS = 20;
/** Large enough to take several pieces. */
const PAGE_BYTES = 300_000;
const IN_SYNC_LIMIT_MS = 20_000;
const NGINX_LIMIT_MS = 600_000;

interface WebServer {
  readonly url: string;
  readonly nginx: RunningCommand;
}

/** What one reader got from all servers, one after the other. */
interface Look {
  readonly fromMs: number;
  readonly toMs: number;
  readonly pages: readonly string[];
}

let temp: TempDirectory;
let mirrors: SshdMirror[];
let servers: WebServer[];
let appliance: ApplianceProcess;

beforeAll(async () => {
  temp = await tempDirectory('web-fleet');
  mirrors = [await startSshdMirror({ name: 'web1' }), await startSshdMirror({ name: 'web2' })];
  servers = await Promise.all(mirrors.map(startNginx));
  appliance = new ApplianceProcess({
    mirrors: mirrors.map((mirror) => mirror.config()),
    configuration: { tries: { times: 1, wait: [] }, timeout: 1 },
  });
  await appliance.start();
  await everyMirrorInSync(appliance, IN_SYNC_LIMIT_MS);
});

afterAll(async () => {
  await appliance?.stop();
  for (const { nginx } of servers ?? []) {
    nginx.kill('SIGTERM');
    await nginx.result;
  }
  for (const mirror of mirrors ?? []) await mirror.stop();
  await temp.remove();
});

/** With the example's configuration, but for the address and the directory. */
async function startNginx({ name, root }: SshdMirror): Promise<WebServer> {
  const port = await freePort();
  const prefix = join(temp.path, name);
  await mkdir(prefix);
  const configuration = (await readFile(join(EXAMPLE, 'nginx.conf'), 'utf8'))
    .replace('listen 80;', `listen 127.0.0.1:${port};`)
    .replace('root /srv/www;', `root ${root};`);
  const own = `daemon off; user root; pid ${prefix}/pid; error_log ${prefix}/errors;`;
  await writeFile(join(prefix, 'nginx.conf'), configuration);
  const args = ['-p', prefix, '-c', join(prefix, 'nginx.conf'), '-e', join(prefix, 'errors'), '-g', own];
  const nginx = startCommand('nginx', args, { timeoutMs: NGINX_LIMIT_MS });
  const url = `http://127.0.0.1:${port}/`;
  const answers = () =>
    fetch(url).then(
      () => true,
      () => false,
    );
  await waitUntil(`nginx of ${name} answers`, answers);
  return { url, nginx };
}

const page = (version: number) => `${version}\n`.padEnd(PAGE_BYTES, `${version % 10}`);
const versionOf = (content: string) => Number.parseInt(content, 10);

async function publish(version: number, name = 'index.html') {
  const source = join(temp.path, 'source.html');
  await writeFile(source, page(version));
  return appliance.inMount(PUBLISH, [source, name]);
}

const served = async ({ url }: WebServer, name = 'index.html') => (await fetch(url + name)).text();

async function look(): Promise<Look> {
  const fromMs = performance.now();
  const pages = [];
  for (const server of servers) pages.push(await served(server));
  return { fromMs, toMs: performance.now(), pages };
}

describe('a fleet of web servers', () => {
  it('has a configuration that Proxyfs takes', async () => {
    const text = await readFile(join(EXAMPLE, 'proxyfs.yml'), 'utf8');
    expect(Object.keys((parse(text) as { mirrors: object }).mirrors)).toEqual(['web1', 'web2']);
    expect(await loadConfiguration(join(EXAMPLE, 'proxyfs.yml'), {})).toMatchObject({
      mountPoint: '/mnt/www',
    });
  });

  it('serves whole pages, and the same ones whenever no change is under way', async () => {
    expect(await publish(0)).toMatchObject({ code: 0 });
    const changes: { fromMs: number; toMs: number }[] = [];
    const looks: Look[] = [];
    let isOver = false;
    const reader = async () => {
      while (!isOver) looks.push(await look());
    };
    const readers = [reader(), reader()];
    for (let version = 1; version <= VERSIONS; version += 1) {
      const fromMs = performance.now();
      expect(await publish(version)).toMatchObject({ code: 0 });
      changes.push({ fromMs, toMs: performance.now() });
      // Now nothing is under way, and both must have it.
      expect((await look()).pages.map(versionOf)).toEqual([version, version]);
    }
    isOver = true;
    await Promise.all(readers);
    for (const { pages } of looks) for (const each of pages) expect(each).toBe(page(versionOf(each)));
    const differing = looks.filter(({ pages }) => new Set(pages).size > 1);
    const isMeanwhile = (each: Look) =>
      changes.some(({ fromMs, toMs }) => fromMs < each.toMs && each.fromMs < toMs);
    expect(differing.filter((each) => !isMeanwhile(each))).toEqual([]);
  });

  it('gives each page the same validators on every server, and none of what is Proxyfs’ own', async () => {
    const answers = await Promise.all(servers.map(({ url }) => fetch(`${url}index.html`)));
    const validators = answers.map(({ headers }) => [headers.get('etag'), headers.get('last-modified')]);
    expect(validators[0]).toEqual(validators[1]);
    expect(validators[0]).toEqual([expect.any(String), expect.any(String)]);
    const own = await Promise.all(servers.map(({ url }) => fetch(`${url}.proxyfs/lease.json`)));
    expect(own.map(({ status }) => status)).toEqual([404, 404]);
  });

  it('shows a change that failed on no server', async () => {
    await mirrors[1]?.freeze();
    const { code } = await publish(VERSIONS + 1);
    expect(code).not.toBe(0);
    expect((await look()).pages.map(versionOf)).toEqual([VERSIONS, VERSIONS]);
    await mirrors[1]?.thaw();
    await everyMirrorInSync(appliance, IN_SYNC_LIMIT_MS);
    expect((await look()).pages.map(versionOf)).toEqual([VERSIONS, VERSIONS]);
    expect(await publish(VERSIONS + 2)).toMatchObject({ code: 0 });
    expect((await look()).pages.map(versionOf)).toEqual([VERSIONS + 2, VERSIONS + 2]);
  });
});
