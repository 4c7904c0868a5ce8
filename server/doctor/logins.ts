import { stat } from 'node:fs/promises';
import { asAppError } from '../base/errors.ts';
import type { Configuration, MirrorConfiguration } from '../config/configuration.ts';
import { type Credential, resolveLogin } from '../mirror/ssh-login.ts';
import { failed, fine, type Result, warning } from './finding.ts';

const OTHERS = 0o077;

/** What each mirror's login would be tried with, before any server is asked. */
export async function logins({ mirrors }: Configuration): Promise<readonly Result[]> {
  return (await Promise.all(mirrors.map(loginOf))).flat();
}

async function loginOf(mirror: MirrorConfiguration): Promise<Result[]> {
  try {
    const { user, host, port, credentials } = await resolveLogin(mirror);
    if (credentials.length === 0) return [failed(mirror.name, 'no key, agent or password to log in with')];
    const open = (await Promise.all(credentials.map(openToOthers))).filter((path) => path !== undefined);
    return [
      fine(mirror.name, `${user} at ${host} port ${port} by ${credentials.map(nameOf).join(', ')}`),
      ...open.map((path) => warning(mirror.name, `${path} can be read by others: chmod 600`)),
    ];
  } catch (thrown) {
    return [failed(mirror.name, asAppError(thrown).message)];
  }
}

function nameOf(credential: Credential): string {
  return credential.kind === 'key' ? credential.path : credential.kind;
}

async function openToOthers(credential: Credential): Promise<string | undefined> {
  if (credential.kind !== 'key') return undefined;
  return ((await stat(credential.path)).mode & OTHERS) === 0 ? undefined : credential.path;
}
