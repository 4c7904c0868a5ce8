import type { SeededRandom } from '../seeded-random.ts';
import type { ChaosMirror } from './chaos-mirror.ts';
import type { Fault, FaultKind } from './fault.ts';
import type { Operator } from './operator.ts';

const MOST_BYTES = 200_000;

/** All that may happen to a mirror. */
export function mirrorFaults(mirror: ChaosMirror, operator: Operator): FaultKind[] {
  const { server, link, disk } = mirror;
  const silent = (direction: 'to-target' | 'from-target', name: string): Fault => ({
    name,
    start: () => link.freeze(direction),
    heal: () => link.thaw(),
  });
  return [
    () => ({ name: 'server killed', start: () => server.kill(), heal: () => server.restart() }),
    () => ({ name: 'server frozen', start: () => server.freeze(), heal: () => server.thaw() }),
    () => silent('to-target', 'nothing reaches it'),
    () => silent('from-target', 'nothing comes back'),
    () => ({ name: 'connections reset', start: () => link.reset(), heal: () => {} }),
    (random) => cut(mirror, random),
    (random) => slow(mirror, random),
    () => ({ name: 'disk full', start: () => disk.fill(), heal: () => disk.free() }),
    () => readOnly(mirror),
    (random) => otherHostKey(mirror, operator, random.chance(0.5)),
  ];
}

/** No disk turns read-only while files are open for writing, as some always are: it comes so out of a restart. */
function readOnly({ server, disk }: ChaosMirror): Fault {
  return {
    name: 'disk read-only',
    start: async () => {
      await server.kill();
      await disk.remountReadOnly();
      await server.restart();
    },
    heal: () => disk.remountReadWrite(),
  };
}

function cut({ link }: ChaosMirror, random: SeededRandom): Fault {
  const leftBytes = Math.floor(MOST_BYTES ** random.fraction());
  const direction = random.pick(['to-target', 'from-target'] as const);
  return {
    name: `cut after ${leftBytes} bytes ${direction === 'to-target' ? 'to it' : 'from it'}`,
    start: () => link.cutAfter(leftBytes, direction),
    heal: () => {},
  };
}

function slow({ link }: ChaosMirror, random: SeededRandom): Fault {
  const delayMs = 5 + random.below(100);
  const bytesPerSecond = 20_000 + random.below(200_000);
  return {
    name: `slow line, ${2 * delayMs} ms and ${Math.round(bytesPerSecond / 1000)} kB/s`,
    start: () => {
      link.setDelay(delayMs);
      link.setRate(bytesPerSecond);
    },
    heal: () => {
      link.setDelay(0);
      link.setRate(0);
    },
  };
}

/** While the key is not accepted, nothing may be done there. */
function otherHostKey(mirror: ChaosMirror, operator: Operator, isAccepted: boolean): Fault {
  const { server, name } = mirror;
  let before: string | undefined;
  return {
    name: `server with another host key, to be ${isAccepted ? 'accepted' : 'replaced by the old one'}`,
    start: async () => {
      await server.restart({ newHostKey: true });
      await operator.seesRefused(name, 'HOST_KEY_CHANGED');
      before = await mirror.listing();
    },
    heal: async () => {
      if (before !== undefined && before !== (await mirror.listing()))
        throw new Error(`${name} was changed while its host key was not accepted`);
      if (isAccepted) mirror.acceptHostKey();
      else await server.restart({ formerHostKey: true });
      await operator.retry(name);
    },
  };
}
