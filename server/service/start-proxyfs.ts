import { dirname, join } from 'node:path';
import { existsSync } from 'node:fs';
import type { Overview } from '../../shared/api.ts';
import { ApiServer } from '../api/api-server.ts';
import { newToken } from '../api/secrets.ts';
import { Appliance, type ApplianceHooks } from '../appliance/appliance.ts';
import { LogRing } from '../base/log-ring.ts';
import type { Logger } from '../base/logger.ts';
import type { Configuration } from '../config/configuration.ts';
import type { ConfigurationFile } from '../config/configuration-file.ts';

export interface RunningProxyfs {
  readonly url: string;
  readonly token: string;
  /** Whether the token was made at this start, and is to be shown once. */
  readonly tokenMade: boolean;
  readonly mountPoint: string;
  /** How it goes, in a line for people. */
  status(): string;
  stop(): Promise<void>;
}

/** Starts the whole of it: mounted, recovered, control plane listening. Rejects with nothing left behind. */
export async function startProxyfs(
  configuration: Configuration,
  logger: Logger,
  options: ApplianceHooks & {
    configurationFile?: ConfigurationFile;
    /** Where `logger` leaves its lines for readers of the control plane. */
    log?: LogRing;
    onLost?: (reason: string) => void;
  } = {},
): Promise<RunningProxyfs> {
  const appliance = new Appliance({ configuration, logger, ...options });
  await appliance.start();
  const token = configuration.http.token ?? newToken();
  const webRoot = webRootOf(import.meta.dirname);
  const { controlPlane } = appliance;
  const api = new ApiServer({
    controlPlane,
    http: configuration.http,
    token,
    statePath: configuration.statePath,
    log: options.log ?? new LogRing(),
    logger,
    ...(webRoot && { webRoot }),
  });
  try {
    const { url } = await api.start();
    return {
      url,
      token,
      tokenMade: configuration.http.token === undefined && !api.hasPassword,
      mountPoint: configuration.mountPoint,
      status: () => statusLine(controlPlane.overview()),
      stop: async () => {
        await appliance.stop();
        await api.stop();
      },
    };
  } catch (error) {
    await appliance.stop();
    throw error;
  }
}

function statusLine({ mode, reason }: Overview): string {
  return `${mode}: ${reason}`;
}

/** The built dashboard: beside the built server, or in the checkout's `dist`. */
function webRootOf(here: string): string | undefined {
  const top = dirname(dirname(here));
  const places = [join(top, 'web'), join(top, 'dist', 'web')];
  // The checkout's own web/ holds the sources of the page.
  return places.find((place) => existsSync(join(place, 'index.html')) && existsSync(join(place, 'assets')));
}
