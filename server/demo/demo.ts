import { asAppError } from '../base/errors.ts';
import { LogRing } from '../base/log-ring.ts';
import { jsonLogger } from '../base/logger.ts';
import { ConfigurationFile } from '../config/configuration-file.ts';
import { startProxyfs } from '../service/start-proxyfs.ts';
import { writeConfigurationFile } from './configuration-file.ts';
import {
  type DemoDirectory,
  makeDemoDirectory,
  removeDemoDirectory,
  removeFromOutside,
} from './demo-directory.ts';
import { EmbeddedSftpServer } from './embedded-sftp-server.ts';
import { listenAddress } from './listen-address.ts';

const MIRROR_NAMES = ['mirror-1', 'mirror-2'] as const;
const USUAL_PORT = 8080;

/** What somebody who tries the demo needs to know. */
export interface DemoPlace {
  readonly mountPoint: string;
  readonly mirrorPaths: readonly string[];
  readonly url: string;
  readonly token: string;
}

/** Two embedded mirrors and the appliance in one process, on a temporary directory. This process never touches the mount. */
export class Demo {
  readonly #onLost: (reason: string) => void;
  readonly #undo: (() => Promise<unknown>)[] = [];
  #directory: DemoDirectory | undefined;

  /** `onLost` is called when the mount was taken away from outside. */
  constructor(onLost: (reason: string) => void) {
    this.#onLost = onLost;
  }

  /** Leaves nothing behind where it rejects. */
  async start(): Promise<DemoPlace> {
    try {
      return await this.#start();
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Unmounts and removes everything; what fails doesn't keep the rest from being removed. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#undo.splice(0).toReversed()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw asAppError(failures[0]);
  }

  /** Hands the removal over to another process, so that this one may end at once. */
  abandon(): void {
    if (this.#directory) removeFromOutside(this.#directory);
  }

  async #start(): Promise<DemoPlace> {
    const directory = await makeDemoDirectory(MIRROR_NAMES);
    this.#directory = directory;
    this.#undo.push(async () => {
      await removeDemoDirectory(directory);
      this.#directory = undefined;
    });
    const mirrors = await this.#startMirrors(directory);
    const file = await writeConfigurationFile(directory.path, {
      localPath: directory.localPath,
      mountPoint: directory.mountPoint,
      mirrors: mirrors.map((server, index) =>
        server.mirrorConfiguration(MIRROR_NAMES[index] ?? `mirror-${index}`),
      ),
      listen: await listenAddress(USUAL_PORT),
    });
    const environment = demoEnvironment();
    const configurationFile = new ConfigurationFile(file, environment);
    const configuration = await configurationFile.load();
    const log = new LogRing();
    const logger = jsonLogger('info', (line) => {
      log.add(line);
      if (line.includes('"level":"error"')) process.stderr.write(line);
    });
    const running = await startProxyfs(configuration, logger, {
      configurationFile,
      log,
      onLost: this.#onLost,
    });
    this.#undo.push(() => running.stop());
    const { mountPoint, url, token } = running;
    return { mountPoint, url, token, mirrorPaths: directory.mirrorPaths };
  }

  async #startMirrors({ mirrorPaths, keyPaths }: DemoDirectory): Promise<EmbeddedSftpServer[]> {
    const servers = mirrorPaths.map(
      (directory, index) => new EmbeddedSftpServer({ directory, keyDirectory: keyPaths[index] ?? directory }),
    );
    for (const server of servers) {
      await server.start();
      this.#undo.push(() => server.stop());
    }
    return servers;
  }
}

/** The token may be chosen; other overrides are meant for a real appliance and must not lead the demo to its files. */
function demoEnvironment(): NodeJS.ProcessEnv {
  const { HOME, PROXYFS_TOKEN } = process.env;
  return { ...(HOME && { HOME }), ...(PROXYFS_TOKEN && { PROXYFS_TOKEN }) };
}
