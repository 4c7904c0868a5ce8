import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { MirrorConfiguration } from '../config/configuration.ts';

export interface ConfigurationFile {
  readonly localPath: string;
  readonly mountPoint: string;
  readonly mirrors: readonly MirrorConfiguration[];
  /** `127.0.0.1:8080` */
  readonly listen: string;
  /** Further keys as the file has them, such as `{ tries: { times: 1 }, timeout: 2 }`. */
  readonly more?: Readonly<Record<string, unknown>>;
}

/** Writes the configuration as a person would, with passwords in files of their own; answers the file's path. */
export async function writeConfigurationFile(directory: string, content: ConfigurationFile): Promise<string> {
  const mirrors: Record<string, unknown> = {};
  for (const mirror of content.mirrors) mirrors[mirror.name] = await mirrorKeys(directory, mirror);
  const file = join(directory, 'proxyfs.yml');
  const keys = {
    local_path: content.localPath,
    mount_point: content.mountPoint,
    mirrors,
    http: { listen: content.listen },
    ...content.more,
  };
  await writeFile(file, stringify(keys), { mode: 0o600 });
  return file;
}

async function mirrorKeys(directory: string, mirror: MirrorConfiguration): Promise<Record<string, unknown>> {
  const { password } = mirror;
  const passwordFile = password === undefined ? undefined : join(directory, `${mirror.name}.password`);
  if (passwordFile !== undefined) await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  return {
    host: mirror.host,
    port: mirror.port,
    user: mirror.user,
    path: mirror.path,
    identity_file: mirror.identityFile,
    password_file: passwordFile,
    known_hosts: mirror.knownHosts,
    host_key: mirror.hostKey,
    required: mirror.required,
    owner: mirror.owner,
    bandwidth_limit: mirror.bandwidthLimit,
    connections: mirror.connections,
  };
}
