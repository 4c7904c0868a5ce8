import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALL_BOUND_MS, MirroredAppliance } from './testing/mirrored-appliance.ts';
import { directoryOf, mutationsIn } from './testing/mutations.ts';
import { expectDone, expectFollowed, expectRefused, expectWasRefused } from './testing/refused-mutation.ts';
import { waitUntil } from './testing/wait-until.ts';

const LOST = { errno: /^(EIO|ETIMEDOUT)$/, code: /^MIRROR_(UNREACHABLE|TIMEOUT)$/ };
const REFUSED = mutationsIn('refused');
const DONE = mutationsIn('done');
const MARKER = { call: 'create', path: 'marker' } as const;

let stand: MirroredAppliance;

function withStand(areas: readonly string[]): void {
  beforeAll(async () => {
    stand = await MirroredAppliance.start({ areas });
  });
  afterAll(() => stand.stop());
}

describe('with one of three mirrors killed before', () => {
  withStand(['refused']);

  it('shows within two seconds that the mirror is down and writes are blocked', async () => {
    await stand.second.kill();
    await waitUntil('m2 is down', async () => (await stand.secondMirror()).link === 'down', 2000);
    expect(await stand.secondMirror()).toMatchObject({ reason: { code: 'MIRROR_UNREACHABLE' } });
    expect(await stand.overview()).toMatchObject({ mode: 'blocked' });
  });

  it.each(REFUSED)('$name fails and changes nothing', async (mutation) => {
    await expectRefused(stand, 'refused', mutation, LOST);
  });

  it('goes on by itself when the mirror is back, the next write on all of them', async () => {
    await stand.second.restart();
    await waitUntil('a file can be made again', async () => (await stand.inMount(MARKER)).ok);
    await stand.inExpected(MARKER);
    await stand.expectTimesOfLocal();
    await stand.expectAllEqual();
  });
});

describe('with the link to one of three mirrors cut in the middle', () => {
  withStand(['refused', 'mixed', 'done']);

  it.each(REFUSED)('$name, carried out there but not answered, is undone and put right', async (mutation) => {
    stand.link.refuse();
    stand.link.cutAfter(0, 'from-target');
    const told = await expectRefused(stand, 'refused', mutation, LOST);
    expect(told.participants).toMatchObject([
      { mirror: 'm1', state: 'undone', attempt: 1 },
      { mirror: 'm2', state: 'stale', attempt: 2, attempts: 2 },
      { mirror: 'm3', state: 'undone', attempt: 1 },
    ]);
    expect(await stand.secondMirror()).toMatchObject({
      content: 'stale',
      reason: { code: 'MIRROR_UNREACHABLE' },
    });
    stand.link.accept();
    await stand.backInSync();
    await stand.expectAllEqual(directoryOf('refused', mutation.name));
  });

  it('of many calls at once each is on all mirrors or on none', async () => {
    stand.link.refuse();
    stand.link.cutAfter(1500, 'to-target');
    const mutations = mutationsIn('mixed');
    const answers = await Promise.all(mutations.map((mutation) => stand.inMount(mutation.call)));
    expect(answers.some(({ ok }) => !ok)).toBe(true);
    for (const [index, mutation] of mutations.entries()) {
      const answer = answers[index];
      if (answer?.ok) await expectFollowed(stand, mutation.call, answer);
      else if (answer) await expectWasRefused(stand, 'mixed', mutation, answer, LOST);
    }
    stand.link.accept();
    await stand.backInSync();
    await stand.expectTimesOfLocal();
    await stand.expectAllEqual();
  });

  it('a big write cut among its data is as long everywhere as the caller was told', async () => {
    const [mutation] = mutationsIn('refused', ['big write']);
    if (!mutation || mutation.call.call !== 'write') throw new Error('there is no such mutation');
    stand.link.refuse();
    stand.link.cutAfter(300_000, 'to-target');
    const answer = await stand.inMount(mutation.call);
    stand.link.accept();
    await stand.backInSync();
    if (answer.ok) await expectFollowed(stand, mutation.call, answer);
    expect(answer.doneBytes ?? 0).toBeLessThan(mutation.call.sizeBytes);
    await stand.expectTimesOfLocal();
    await stand.expectAllEqual();
  });

  it.each(DONE)('an outage shorter than the retries is not seen by $name', async (mutation) => {
    stand.link.cutAfter(0, 'from-target');
    await expectDone(stand, mutation);
  });

  it('has done all of that on every mirror', async () => {
    await stand.backInSync();
    await stand.expectTimesOfLocal();
    await stand.expectAllEqual();
  });
});

describe('with one of three mirrors frozen', () => {
  withStand(['refused', 'quiet']);
  // The kernel itself keeps others out of a directory in which a name is being made or removed.
  const READS = [
    { call: 'read', path: 'quiet/unlink/file' },
    { call: 'list', path: 'quiet/unlink' },
  ] as const;

  it('every call under way fails in time and changes nothing, while reads answer at once', async () => {
    await stand.second.freeze();
    const answers = REFUSED.map((mutation) => stand.inMount(mutation.call));
    for (const read of READS) expect((await stand.inMount(read)).elapsedMs).toBeLessThan(500);
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      const mutation = REFUSED[index];
      if (mutation) await expectWasRefused(stand, 'refused', mutation, answer, LOST);
    }
  });

  it('a call that follows fails sooner, as it makes one attempt only', async () => {
    const [mutation] = REFUSED;
    if (!mutation) throw new Error('there is no mutation');
    const told = await expectRefused(stand, 'refused', mutation, LOST);
    expect(told.participants.find(({ mirror }) => mirror === 'm2')).toMatchObject({
      attempt: 1,
      attempts: 1,
    });
  });

  it('goes on by itself when the mirror is back, with all of it put right', async () => {
    await stand.second.thaw();
    await waitUntil('a file can be made again', async () => (await stand.inMount(MARKER)).ok);
    await stand.inExpected(MARKER);
    await stand.backInSync();
    await stand.expectTimesOfLocal();
    await stand.expectAllEqual();
  });
});

describe('with many writers while one of three mirrors dies', () => {
  withStand(['writers']);
  const WRITERS = 24;
  const fileOf = (writer: number) => `writers/${writer}`;

  it('every call ends in time, and what succeeded is everywhere, what failed nowhere', async () => {
    let stopped = false;
    const write = async (writer: number) => {
      for (let turn = 0; !stopped; turn += 1) {
        const path = `${fileOf(writer)}-${turn}`;
        const answer = await stand.inMount({ call: 'create', path });
        expect(answer.elapsedMs).toBeLessThan(CALL_BOUND_MS);
        if (answer.ok) await stand.inExpected({ call: 'create', path });
        else return answer;
      }
      return undefined;
    };
    const writers = Array.from({ length: WRITERS }, (_, writer) => write(writer));
    await waitUntil(
      'the writers are under way',
      async () => (await stand.overview()).counters.committed > 50,
    );
    await stand.second.kill();
    const failures = await Promise.all(writers);
    stopped = true;
    for (const failure of failures) expect(failure?.errno).toMatch(LOST.errno);
    await stand.second.restart();
    await waitUntil('a file can be made again', async () => (await stand.inMount(MARKER)).ok);
    await stand.inExpected(MARKER);
    await stand.backInSync();
    await stand.expectTimesOfLocal();
    await stand.expectAllEqual();
  });
});
