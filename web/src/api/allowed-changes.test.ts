import { describe, expect, it } from 'vitest';
import type { ParticipantView } from '../../../shared/api.ts';
import { mirrorRetryRefusal, mirrorScrubRefusal, transactionRefusals } from './allowed-changes.ts';
import { participantGroups } from './participant-groups.ts';

function part(mirror: string, state: ParticipantView['state']): ParticipantView {
  return { mirror, state, attempt: 1, attempts: 2 };
}

describe('what a button allows', () => {
  it('retries a mirror that is down, or up and not in sync', () => {
    expect(mirrorRetryRefusal({ link: 'down', content: 'in-sync' })).toBeUndefined();
    expect(mirrorRetryRefusal({ link: 'up', content: 'stale' })).toBeUndefined();
    expect(mirrorRetryRefusal({ link: 'up', content: 'in-sync' })).toMatch(/nothing to retry/);
    expect(mirrorRetryRefusal({ link: 'disabled', content: 'stale' })).toMatch(/attach it first/);
  });

  it('scrubs a mirror that is connected', () => {
    expect(mirrorScrubRefusal({ link: 'up' })).toBeUndefined();
    expect(mirrorScrubRefusal({ link: 'down' })).toMatch(/Not connected/);
    expect(mirrorScrubRefusal({ link: 'disabled' })).toMatch(/attach it first/);
  });

  it('retries a transaction only while a mirror waits for its next attempt', () => {
    const waiting = {
      state: 'applying',
      participants: [part('a', 'applied'), part('b', 'retrying')],
    } as const;
    expect(
      transactionRefusals({ ...waiting, participants: [...waiting.participants] }).retry,
    ).toBeUndefined();
    expect(transactionRefusals({ state: 'applying', participants: [part('a', 'applying')] }).retry).toMatch(
      /waiting/,
    );
  });

  it('cancels a transaction until it is decided', () => {
    const cancel = (state: Parameters<typeof transactionRefusals>[0]['state']) =>
      transactionRefusals({ state, participants: [part('a', 'retrying')] }).cancel;
    expect(cancel('preparing')).toBeUndefined();
    expect(cancel('applying')).toBeUndefined();
    expect(cancel('committing')).toMatch(/decided/);
    expect(cancel('undoing')).toMatch(/undone/);
  });
});

describe('participantGroups', () => {
  it('shows each of a few mirrors', () => {
    const few = [part('a', 'applied'), part('b', 'waiting')];
    expect(participantGroups(few)).toEqual({ shown: few, counted: [] });
  });

  it('shows those in trouble of many, and counts every other one', () => {
    const many = [
      ...Array.from({ length: 30 }, (_, index) => part(`ok${index}`, 'applied')),
      ...Array.from({ length: 9 }, (_, index) => part(`slow${index}`, 'waiting')),
      part('bad', 'failed'),
    ];
    expect(participantGroups(many)).toEqual({
      shown: [part('bad', 'failed')],
      counted: [
        { state: 'waiting', count: 9 },
        { state: 'applied', count: 30 },
      ],
    });
  });

  it('counts even those in trouble when they are too many to show', () => {
    const { shown, counted } = participantGroups(
      Array.from({ length: 50 }, (_, i) => part(`m${i}`, 'failed')),
    );
    expect(shown).toHaveLength(8);
    expect(counted).toEqual([{ state: 'failed', count: 42 }]);
  });
});
