import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Readiness } from './readiness.ts';

const TURNS = 20;

let directory: string;
let pipe: number;
let readiness: Readiness;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'readiness-'));
  const path = join(directory, 'pipe');
  execFileSync('mkfifo', [path]);
  pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  readiness = new Readiness(pipe);
});

afterEach(async () => {
  await readiness.close();
  closeSync(pipe);
  await rm(directory, { recursive: true });
});

it('resolves for each message, and not before it is there', async () => {
  for (const message of ['first', 'second', 'third']) {
    let isThere = false;
    const ready = readiness.wait().then(() => (isThere = true));
    for (let turn = 0; turn < TURNS; turn++) await nextTurn();
    expect(isThere).toBe(false);
    writeSync(pipe, message);
    await ready;
    expect(read()).toBe(message);
  }
});

it('leaves the event loop in peace while what is there is not read, and says so to who asks later', async () => {
  const ready = readiness.wait();
  writeSync(pipe, 'first, second');
  await ready;
  const before = performance.eventLoopUtilization();
  // Readable all the while, which would be told again in every turn.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
  await readiness.wait();
  expect(read()).toBe('first, second');
});

it('tells one of those who wait of a message, and all of them of an error', async () => {
  const told: string[] = [];
  const both = Promise.all(['one', 'other'].map((name) => readiness.wait().then(() => told.push(name))));
  writeSync(pipe, 'for one');
  for (let turn = 0; turn < TURNS && told.length === 0; turn++) await nextTurn();
  expect([read(), told]).toEqual(['for one', ['one']]);
  writeSync(pipe, 'for the other');
  await both;

  const path = join(directory, 'nobody reads');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const broken = openSync(path, constants.O_WRONLY);
  const ofBroken = new Readiness(broken);
  const all = Promise.all([ofBroken.wait(), ofBroken.wait()]);
  closeSync(reader);
  await all;
  await ofBroken.wait();
  await ofBroken.close();
  closeSync(broken);
});

it('ends with an error of the call, not by waiting for ever, where nothing can be waited for', async () => {
  const file = openSync('/dev/null', 'r');
  const ofFile = new Readiness(file);
  await expect(ofFile.wait()).rejects.toMatchObject({ code: 'EPERM', message: 'EPERM: uv_poll_init' });
  await ofFile.close();
  closeSync(file);
});

it('lets go of the descriptor, whose number may be another’s then', async () => {
  writeSync(pipe, 'seen by both');
  await readiness.wait();
  await readiness.close();
  readiness = new Readiness(pipe);
  await readiness.wait();
  expect(read()).toBe('seen by both');
});

function read(): string {
  const target = Buffer.alloc(64);
  return target.toString('utf8', 0, readSync(pipe, target));
}
