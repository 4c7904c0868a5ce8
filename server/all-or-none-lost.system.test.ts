import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CALL_BOUND_MS, MirroredAppliance } from './testing/mirrored-appliance.ts';
import { directoryOf, MUTATION_NAMES, mutationsIn } from './testing/mutations.ts';
import { expectDone, expectFollowed, expectRefused, expectWasRefused } from './testing/refused-mutation.ts';
import { waitUntil } from './testing/wait-until.ts';

const LOST = { errno: /^(EIO|ETIMEDOUT)$/, code: /^MIRROR_(UNREACHABLE|TIMEOUT)$/ };
const REFUSED = mutationsIn('refused');
const DONE = mutationsIn('done');

/** A write that counts on the mirror again, made until it goes through; it is everywhere then. */
async function expectGoesOn(path: string): Promise<void> {
  await waitUntil('a file can be made again', async () => (await stand.inMount({ call: 'create', path })).ok);
  await stand.inExpected({ call: 'create', path });
  await stand.backInSync();
  await stand.expectTimesOfLocal();
  await stand.expectAllEqual();
}

let stand: MirroredAppliance;

function withStand(areas: readonly string[]): void {
  beforeAll(async () => {
    stand = await MirroredAppliance.start({ areas });
  });
  afterAll(() => stand.stop());
}

describe('with one of three mirrors', () => {
  withStand(['refused', 'writers']);

  describe('killed before', () => {
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
      await expectGoesOn('after-kill');
    });
  });

  describe('frozen', () => {
    // The kernel itself keeps others out of a directory in which a name is being made or removed.
    const READS = [
      { call: 'read', path: 'writers/unlink/file' },
      { call: 'list', path: 'writers/unlink' },
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
      await expectGoesOn('after-freeze');
    });
  });

  describe('dying under many writers', () => {
    /** In a directory of its own each, as the kernel lets one caller at a time make names in one. */
    const DIRECTORIES = MUTATION_NAMES.map((name) => directoryOf('writers', name));

    /** Makes files and appends to them until a call fails; answers that call's errno. */
    async function writeUntilRefused(directory: string): Promise<string | undefined> {
      for (let turn = 0; ; turn += 1) {
        const path = `${directory}/written-${turn}`;
        const calls = [
          { call: 'create', path },
          { call: 'append', path, sizeBytes: 1000, fill: path },
        ] as const;
        for (const call of calls) {
          const answer = await stand.inMount(call);
          if (!answer.ok) {
            expect(answer.elapsedMs).toBeLessThan(CALL_BOUND_MS);
            return answer.errno;
          }
          await expectFollowed(stand, call, answer);
        }
      }
    }

    it('every call ends in time, and what succeeded is everywhere, what failed nowhere', async () => {
      const committedCount = async () => (await stand.overview()).counters.committed;
      const before = await committedCount();
      const writers = DIRECTORIES.map(writeUntilRefused);
      await waitUntil('the writers are under way', async () => (await committedCount()) > before + 100);
      await stand.second.kill();
      for (const errno of await Promise.all(writers)) expect(errno).toMatch(LOST.errno);
      await stand.second.restart();
      await expectGoesOn('after-writers');
    });
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
