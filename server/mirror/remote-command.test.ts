import { EventEmitter } from 'node:events';
import type { Client } from 'ssh2';
import { expect, it } from 'vitest';
import { remoteCommand } from './remote-command.ts';

const LIMIT_MS = 50;

it('is given up where the server never answers, and ends what is opened after that', async () => {
  let answer: (error: undefined, channel: unknown) => void = () => {};
  const client = { exec: (_command: string, opened: typeof answer) => (answer = opened) };
  const { signal } = new AbortController();
  const options = { input: '', limitMs: LIMIT_MS, signal };
  expect(await remoteCommand(client as unknown as Client, 'true', options)).toBeUndefined();
  let isClosed = false;
  answer(undefined, Object.assign(new EventEmitter(), { close: () => (isClosed = true) }));
  expect(isClosed).toBe(true);
});
