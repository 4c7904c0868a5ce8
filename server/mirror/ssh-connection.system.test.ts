import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError, asAppError } from '../base/errors.ts';
import { type SshdMirror, startSshdMirror } from '../testing/sshd-mirror.ts';
import type { SftpSession } from './sftp-session.ts';
import { openTree } from './testing.ts';

let server: SshdMirror;
let session: SftpSession;
let lapsed: AppError | undefined;

beforeEach(async () => {
  lapsed = undefined;
  server = await startSshdMirror();
  ({ session } = await openTree(server.config()));
  session.guard(() => lapsed);
});

afterEach(async () => {
  session.end(new AppError('SHUTTING_DOWN'));
  await server.stop();
});

const inServer = (name: string) => join(server.root, name);
const codeOf = (request: Promise<unknown>) =>
  request.then(
    () => 'done',
    (thrown: unknown) => asAppError(thrown).code,
  );

it('sends nothing of a request that was gathered when the guard gives a reason before it goes out', async () => {
  const asked = codeOf(session.mkdir(inServer('directory'), 0o755));
  lapsed = new AppError('MIRROR_UNREACHABLE', 'the lease has lapsed');
  expect(await asked).toBe('MIRROR_UNREACHABLE');
  expect(session.isOpen).toBe(false);
  const other = await openTree(server.config());
  await other.session.mkdir(inServer('later'), 0o755);
  other.close();
  expect(readdirSync(server.root)).toEqual(['later']);
});
