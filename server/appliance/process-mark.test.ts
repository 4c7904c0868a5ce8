import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, expect, it } from 'vitest';
import { hasEnded, markOf } from './process-mark.ts';

let child: ChildProcess | undefined;
afterEach(() => void child?.kill('SIGKILL'));

async function running(): Promise<{ process: ChildProcess; pid: number }> {
  child = spawn('sleep', ['60'], { stdio: 'ignore' });
  await once(child, 'spawn');
  return { process: child, pid: child.pid ?? 0 };
}

it('tells a process that runs from one that has ended', async () => {
  const own = await markOf(process.pid);
  const { process: sleeping, pid } = await running();
  const mark = await markOf(pid);
  expect(hasEnded(mark, own)).toBe(false);
  sleeping.kill('SIGKILL');
  await once(sleeping, 'exit');
  expect(hasEnded(mark, own)).toBe(true);
});

it('takes a process for ended when another one has its number', async () => {
  const own = await markOf(process.pid);
  const mark = await markOf((await running()).pid);
  expect(hasEnded({ ...mark, startedAtTicks: '1' }, own)).toBe(true);
});

it('says nothing of another machine, another start of this one, or another container', async () => {
  const own = await markOf(process.pid);
  const { process: sleeping, pid } = await running();
  const mark = await markOf(pid);
  sleeping.kill('SIGKILL');
  await once(sleeping, 'exit');
  expect(hasEnded({ ...mark, bootId: 'another' }, own)).toBe(false);
  expect(hasEnded({ ...mark, pidNamespace: 'pid:[1]' }, own)).toBe(false);
  expect(hasEnded({ ...mark, bootId: undefined }, { ...own, bootId: undefined })).toBe(false);
});

it('takes who has left its lock to this process for ended, also in another container', async () => {
  const own = await markOf(process.pid, 'net:[1] x');
  const other = { ...own, pid: 7, pidNamespace: 'pid:[1]' };
  expect(hasEnded(other, own)).toBe(true);
  expect(hasEnded({ ...other, lock: 'net:[2] x' }, own)).toBe(false);
  expect(hasEnded({ ...other, lock: undefined }, { ...own, lock: undefined })).toBe(false);
  expect(hasEnded({ ...other, bootId: 'another' }, own)).toBe(false);
});
