import { defineConfig } from 'vitest/config';

const ignored = ['**/node_modules/**', '**/dist/**'];
const seconds = 1000;

/** They hold calls to a bound in time, or count what happens within one: nothing runs beside them. */
const TIMED = [
  'server/{all-or-none-lost,chaos,fsync,never-hangs,resync-at-scale,second-appliance,systemd}.system.test.ts',
  'server/{appliance,fuse,mirror,testing}/**/*.system.test.ts',
];

export default defineConfig({
  test: {
    teardownTimeout: 60 * seconds,
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['{server,shared,web}/**/*.test.{ts,tsx}'],
          exclude: [...ignored, '**/*.system.test.ts', '**/*.browser.test.ts'],
          testTimeout: 20 * seconds,
          hookTimeout: 20 * seconds,
          maxWorkers: '100%',
          sequence: { groupOrder: 0 },
        },
      },
      {
        // Real sshd, real mounts, real faults.
        test: {
          name: 'system',
          environment: 'node',
          include: ['{server,shared,web}/**/*.system.test.ts'],
          exclude: [...ignored, ...TIMED],
          pool: 'forks',
          maxWorkers: 2,
          testTimeout: 180 * seconds,
          hookTimeout: 180 * seconds,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: 'timed',
          environment: 'node',
          include: TIMED,
          exclude: ignored,
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 180 * seconds,
          hookTimeout: 180 * seconds,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'browser',
          environment: 'node',
          include: ['{server,shared,web}/**/*.browser.test.ts'],
          exclude: ignored,
          pool: 'forks',
          fileParallelism: false,
          maxWorkers: 1,
          testTimeout: 120 * seconds,
          hookTimeout: 120 * seconds,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
