import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newTokenViewSchema } from '../../shared/access.ts';
import { problemDetailsSchema } from '../../shared/api.ts';
import type { NewMirror } from '../../shared/requests.ts';
import { type ApiBench, startApiBench } from '../testing/api-bench.ts';
import type { PlainAnswer } from '../testing/http-request.ts';
import { waitUntil } from '../testing/wait-until.ts';

const API = '/api/v1';
const MIRROR = { id: 'web2', host: '10.0.0.12', path: '/srv/www' };
const JOB = { type: 'scrub' };

let bench: ApiBench;

beforeEach(async () => {
  bench = await startApiBench();
});
afterEach(() => bench.stop());

function post(path: string, key: string, body: unknown = {}, token?: string): Promise<PlainAnswer> {
  const headers = {
    'content-type': 'application/json',
    'idempotency-key': key,
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
  };
  return bench.call(API + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

function codeOf(answer: PlainAnswer): [number, string] {
  const { status, code } = problemDetailsSchema.parse(JSON.parse(answer.body));
  expect(status).toBe(answer.status);
  return [status, code];
}

/** Holds up every mirror that is added from now on, until the answer is called; `begun` counts them. */
function holdAdditions(): { begun: () => number; letGo: () => void } {
  let begun = 0;
  let letGo = () => {};
  const held = new Promise<void>((resolve) => (letGo = resolve));
  const { mirrorList } = bench.controlPlane;
  const add = mirrorList.add.bind(mirrorList);
  Object.assign(mirrorList, {
    add: async (wanted: NewMirror) => {
      begun += 1;
      await held;
      await add(wanted);
    },
  });
  return { begun: () => begun, letGo };
}

describe('a request that creates and comes again with its key', () => {
  it('gets the first answer again, makes nothing more, and is no change in the audit', async () => {
    const first = await post('/jobs', '"8e03978e-40d5"', JOB);
    expect([first.status, first.headers['idempotency-replayed']]).toEqual([202, undefined]);
    for (const key of ['"8e03978e-40d5"', '8e03978e-40d5']) {
      const again = await post('/jobs', key, JOB);
      expect([again.status, again.body]).toEqual([202, first.body]);
      expect(again.headers).toMatchObject({
        location: `${API}/jobs/job-1`,
        'content-type': first.headers['content-type'],
        'idempotency-replayed': 'true',
      });
    }
    expect(bench.controlPlane.jobs.requests).toHaveLength(1);
    const audit = JSON.parse((await bench.call(`${API}/audit`)).body) as { items: unknown[] };
    expect(audit.items).toHaveLength(1);
    expect((await post('/jobs', 'another', JOB)).headers.location).toBe(`${API}/jobs/job-2`);
  });

  it('is refused where it says something else, or is for something else', async () => {
    await post('/mirrors', 'k', MIRROR);
    expect(codeOf(await post('/mirrors', 'k', { ...MIRROR, id: 'web3' }))).toEqual([
      422,
      'IDEMPOTENCY_KEY_REUSED',
    ]);
    expect(codeOf(await post('/jobs', 'k', MIRROR))).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(bench.controlPlane.mirror('web3')).toBeUndefined();
    expect((await post('/mirrors', 'k', MIRROR)).status).toBe(201);
  });

  it('is refused while the first is under way, also when nobody waits for that any more', async () => {
    const { begun, letGo } = holdAdditions();
    const gone = new AbortController();
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' };
    const first = bench.call(`${API}/mirrors`, {
      method: 'POST',
      headers,
      body: JSON.stringify(MIRROR),
      signal: gone.signal,
    });
    first.catch(() => {});
    await waitUntil('the first request is under way', () => begun() === 1);
    expect(codeOf(await post('/mirrors', 'k', MIRROR))).toEqual([409, 'IDEMPOTENCY_KEY_BUSY']);
    gone.abort();
    await expect(first).rejects.toThrow();
    expect(codeOf(await post('/mirrors', 'k', MIRROR))).toEqual([409, 'IDEMPOTENCY_KEY_BUSY']);
    letGo();
    await waitUntil('the first is over', async () => (await post('/mirrors', 'k', MIRROR)).status === 201);
    expect(begun()).toBe(1);
  });

  it('is tried again where the first failed, as that has made nothing', async () => {
    const taken = { ...MIRROR, id: 'web1' };
    expect(codeOf(await post('/mirrors', 'k', taken))).toEqual([409, 'NAME_TAKEN']);
    await bench.call(`${API}/mirrors/web1`, { method: 'DELETE' });
    expect((await post('/mirrors', 'k', taken)).status).toBe(201);
  });

  it('is never told a secret once more', async () => {
    const wanted = { name: 'robot', scope: 'read' };
    const { token } = newTokenViewSchema.parse(JSON.parse((await post('/tokens', 'k', wanted)).body));
    const again = await post('/tokens', 'k', wanted);
    expect(codeOf(again)).toEqual([409, 'SECRET_TOLD']);
    expect(again.body).not.toContain(token);
    expect(codeOf(await post('/tokens', 'k2', wanted))).toEqual([409, 'NAME_TAKEN']);
  });

  it('is another one where another login sends it', async () => {
    const made = await post('/tokens', 'k', { name: 'robot', scope: 'operate' });
    const { token } = newTokenViewSchema.parse(JSON.parse(made.body));
    const answers = [await post('/jobs', 'mine', JOB), await post('/jobs', 'mine', JOB, token)];
    const cookie = await bench.logIn();
    answers.push(
      await bench.stranger(`${API}/jobs`, {
        method: 'POST',
        headers: {
          cookie,
          'sec-fetch-site': 'same-origin',
          'content-type': 'application/json',
          'idempotency-key': 'mine',
        },
        body: JSON.stringify(JOB),
      }),
    );
    expect(answers.map(({ headers }) => headers.location)).toEqual(
      ['job-1', 'job-2', 'job-3'].map((id) => `${API}/jobs/${id}`),
    );
    expect((await post('/mirrors', 'mine', MIRROR, token)).status).toBe(403);
  });

  it('names its key in printable ASCII, or is not looked at', async () => {
    for (const key of ['""', '"a', 'two words', '"a", "b"', `"${'x'.repeat(256)}"`, 'ä']) {
      const answer = await post('/jobs', Buffer.from(key).toString('latin1'), JOB);
      expect(codeOf(answer)).toEqual([400, 'REQUEST_INVALID']);
      expect(answer.body).toContain('/header/idempotency-key');
    }
    expect(bench.controlPlane.jobs.requests).toEqual([]);
  });
});

it('the document tells which routes know the key', async () => {
  const { paths } = JSON.parse((await bench.call('/api/openapi.json')).body) as {
    paths: Record<string, Record<string, { parameters: { name: string; in: string }[] }>>;
  };
  const knowing = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { parameters }]) =>
      parameters.some((each) => each.in === 'header' && each.name === 'Idempotency-Key')
        ? [`${method} ${path}`]
        : [],
    ),
  );
  expect(knowing.toSorted()).toEqual(
    ['/jobs', '/mirrors', '/mirrors/{id}/resync', '/tokens', '/webhooks'].map((path) => `post ${API}${path}`),
  );
});
