import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MirrorConfiguration } from '../../config/configuration.ts';
import { type SmallDisk, smallDisk } from '../small-disk.ts';
import { type SshdMirror, startSshdMirror } from '../sshd-mirror.ts';
import { TcpProxy } from '../tcp-proxy.ts';
import { tempDirectory, type TempDirectory } from '../temp-directory.ts';
import { runCommand } from '../run-command.ts';

const DISK_BYTES = 32 * 1024 * 1024;

/** A mirror of which everything can fail: a real server on a small disk, behind a link that can be cut. */
export class ChaosMirror {
  readonly name: string;
  readonly server: SshdMirror;
  readonly link: TcpProxy;
  readonly disk: SmallDisk;
  readonly #directory: TempDirectory;

  private constructor(server: SshdMirror, link: TcpProxy, disk: SmallDisk, directory: TempDirectory) {
    this.name = server.name;
    this.server = server;
    this.link = link;
    this.disk = disk;
    this.#directory = directory;
  }

  static async start(name: string): Promise<ChaosMirror> {
    const disk = smallDisk({ sizeBytes: DISK_BYTES, kind: 'ext4' });
    const server = await startSshdMirror({ name, root: disk.path });
    const link = new TcpProxy({ targetPort: server.port });
    await link.start();
    const mirror = new ChaosMirror(server, link, disk, await tempDirectory('known-hosts'));
    mirror.acceptHostKey();
    return mirror;
  }

  config(): MirrorConfiguration {
    return this.server.config({ port: this.link.port, knownHosts: this.#knownHosts });
  }

  /** What the appliance's administrator does where a server has a new key on purpose. */
  acceptHostKey(): void {
    writeFileSync(this.#knownHosts, `[127.0.0.1]:${this.link.port} ${this.server.hostKey()}\n`);
  }

  /** Changes with everything that is done there. */
  async listing(): Promise<string> {
    const { stdout } = await runCommand('find', [this.server.root, '-printf', '%p %i %m %s %T@ %C@\n']);
    return stdout;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await this.link.stop();
    this.disk.remove();
    await this.#directory.remove();
  }

  get #knownHosts(): string {
    return join(this.#directory.path, 'known_hosts');
  }
}
