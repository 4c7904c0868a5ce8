import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadConfiguration } from './load.ts';
import { configurationSchema, SECTIONS } from './schema.ts';
import { readYaml } from './yaml-reading.ts';

const EXAMPLE = fileURLToPath(new URL('../../config.example.yml', import.meta.url));

const KNOWN_KEYS = Object.values(SECTIONS).flatMap((section) => Object.keys(section.shape));

/** The example with every optional line in force. */
function withOptionalLines(text: string): string {
  const optional = new RegExp(`^( *)# ( *)(${KNOWN_KEYS.join('|')}):(?= |$)`, 'gm');
  return text.replace(optional, '$1$2$3:');
}

describe('config.example.yml', () => {
  it('loads as it stands', async () => {
    const configuration = await loadConfiguration(EXAMPLE, {});
    expect(configuration.mirrors.map((mirror) => mirror.name)).toEqual(['web1']);
  });

  it('shows defaults that are the defaults', async () => {
    const example = await loadConfiguration(EXAMPLE, {});
    const optional = readYaml(withOptionalLines(await readFile(EXAMPLE, 'utf8')));
    const { tries, timeout, http, log, mount, mirrors, scrub } = configurationSchema.parse(optional.root);
    expect({ times: tries.times, waitMs: tries.wait.map((wait) => wait * 1000) }).toEqual(example.tries);
    expect(timeout * 1000).toBe(example.timeoutMs);
    const unsaid = { token: undefined, basePath: '', tls: undefined };
    expect({
      ...http.listen,
      allowedHosts: http.allowed_hosts,
      trustedProxies: http.trust_proxy,
      ...unsaid,
    }).toEqual(example.http);
    expect(log).toEqual(example.log);
    expect(mount.driver).toBe(example.mount.driver);
    const { compare, repair } = scrub;
    const unset = configurationSchema.parse({ ...optional.root, scrub: {} });
    expect(unset.scrub).toEqual({ compare, repair });
    const { required, owner, connections } = mirrors['web1'] ?? {};
    expect(example.mirrors[0]).toMatchObject({ required, owner, connections });
  });

  it('mentions every key of the format', async () => {
    const reading = readYaml(withOptionalLines(await readFile(EXAMPLE, 'utf8')));
    expect(reading.problems).toEqual([]);
    const root = configurationSchema.parse(reading.root);
    for (const [place, section] of Object.entries(SECTIONS)) {
      const [first, second] = place.split('.');
      const top = first === '' ? reading.root : reading.root?.[first ?? ''];
      const within = second === '*' ? 'web1' : second;
      const map = within === undefined ? top : (top as Record<string, unknown>)[within];
      expect(Object.keys(map ?? {}).sort(), place).toEqual(Object.keys(section.shape).sort());
    }
    expect(root.mirrors['web1']?.bandwidth_limit).toBe(10 * 1024 * 1024);
  });
});
