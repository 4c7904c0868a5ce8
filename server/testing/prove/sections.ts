/** One kind of proof: which promises it is about, and the tests that carry it out. */
export interface Section {
  readonly name: string;
  /** Those of the README. */
  readonly promises: string;
  readonly what: string;
  /** Beginnings of test files' paths. */
  readonly files: readonly string[];
  /** Settings of theirs, each as much as is meant for a minute. */
  readonly perMinute?: Readonly<Record<string, number>>;
}

/** What one command proves. */
export const SECTIONS: readonly Section[] = [
  {
    name: 'Crash matrix',
    promises: 'P1 P2 P3',
    what: 'kill -9 at each named step of each kind of change, and in the middle of recovery; restart; all replicas compared',
    files: ['server/crash-steps.system'],
  },
  {
    name: 'Crashes at random',
    promises: 'P1 P2 P3',
    what: 'kill -9 at random moments under several writers; what was acknowledged must be there, whole and everywhere',
    files: ['server/crash-random.system'],
    perMinute: { PROXYFS_TEST_KILLS: 20 },
  },
  {
    name: 'Chaos',
    promises: 'P1 P2 P3 P4',
    what:
      'three mirrors under writers, while servers are killed, frozen, cut off, reset, filled, made read-only, slowed down and given ' +
      'new keys, Proxyfs itself is killed and mirrors are detached; healed, all must be as if nothing had ever failed',
    files: ['server/chaos.system'],
    perMinute: { PROXYFS_TEST_CHAOS_SECONDS: 60 },
  },
  {
    name: 'Random operations',
    promises: 'P1 P2 P7',
    what: 'random calls on files and trees against models in memory, without and with failing mirrors',
    files: ['server/random-operations.system'],
    perMinute: { PROXYFS_TEST_OPERATIONS: 1000 },
  },
  {
    name: 'All or none',
    promises: 'P1 P2 P5',
    what: 'each change against mirrors that are lost, full, read-only or refuse: nowhere, with the right errno',
    files: ['server/all-or-none'],
  },
  {
    name: 'Never hangs',
    promises: 'P4',
    what: 'reads, changes, stop and unmount while a mirror is frozen',
    files: ['server/never-hangs.system'],
  },
  {
    name: 'Identity',
    promises: 'P6',
    what: 'a second appliance, older copies, foreign mirrors and wiped directories are refused',
    files: ['server/second-appliance.system', 'server/mirror/ground.system', 'server/mirror/mirror.system'],
  },
  {
    name: 'Power loss',
    promises: 'P3',
    what: 'machines and mirrors that lose what was not on their disks; fsync',
    files: ['server/power-loss.system', 'server/fsync.system'],
  },
  {
    name: 'POSIX table',
    promises: 'P7',
    what: 'named behaviours of a file system on a plain directory and on a mount by each driver',
    files: ['server/posix.system'],
  },
  {
    name: 'Real programs',
    promises: 'P7',
    what: 'cp, rsync, tar, git and others; `rsync -aHnci --delete` finds nothing afterwards',
    files: ['server/real-input.system'],
  },
  {
    name: 'Catching up',
    promises: 'P1 P3',
    what: 'very many stale paths in bounded memory, writers that go on meanwhile, and what it costs by what has changed',
    files: ['server/resync-at-scale.system', 'server/resync/proportion'],
  },
  {
    name: 'Scrub',
    promises: 'P7',
    what: 'each kind of damage on each mirror is found, and exactly that repaired',
    files: ['server/scrub-and-resync.system'],
  },
];

/** What its tests are told when there are so many minutes for chaos; what else can be done more of grows with it. */
export function environmentOf({ perMinute = {} }: Section, minutes: number): Record<string, string> {
  const settings = Object.entries(perMinute);
  return Object.fromEntries(
    settings.map(([name, each]) => [name, String(Math.max(1, Math.round(each * minutes)))]),
  );
}
