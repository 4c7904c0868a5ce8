import { join } from 'node:path';
import type { Logger } from '../base/logger.ts';
import type { Configuration } from '../config/configuration.ts';
import type { ConfigurationFile } from '../config/configuration-file.ts';
import { ConfigurationVersions } from '../config/configuration-versions.ts';
import type { Space } from '../filesystem/file-tree.ts';
import { MetricFiles } from '../history/metric-files.ts';
import type { Journal } from '../journal/journal.ts';
import { checkHostKey } from '../mirror/check-host-key.ts';
import type { Coordinator } from '../transaction/coordinator.ts';
import { Attention } from './attention.ts';
import { ConfigurationCommands, etagOf } from './configuration-commands.ts';
import type { ControlPlane } from './control-plane.ts';
import { chosenDriver } from './driver-choice.ts';
import type { EventRing } from './event-ring.ts';
import { History } from './history.ts';
import type { Jobs } from './jobs.ts';
import { MetricSampler } from './metric-sampler.ts';
import { MirrorCommands } from './mirror-commands.ts';
import type { MirrorSet } from './mirror-set.ts';
import type { Mode } from './mode.ts';
import { ownGround } from './own-ground.ts';
import { probeMirror } from './probe-mirror.ts';
import { Projection } from './projection.ts';
import { Publisher } from './publisher.ts';
import { VERSION } from './version.ts';
import { endWaitsFor } from './waits.ts';

/** What an operator is shown, and acts upon. */
interface Observed {
  readonly journal: Journal;
  readonly mirrors: MirrorSet;
  readonly mode: Mode;
  readonly coordinator: Coordinator;
  readonly ring: EventRing;
  readonly jobs: Jobs;
}

interface Surroundings {
  readonly configuration: Configuration;
  readonly configurationFile?: ConfigurationFile;
  readonly logger: Logger;
  readonly isMounted: () => boolean;
  /** Gets what takes back each thing that was started, in order. */
  readonly undo: (() => Promise<void> | void)[];
}

/** Wires the side of the appliance that operators see: events, history, metrics, what needs attention, configuration. */
export async function wireControlPlane(
  observed: Observed,
  surroundings: Surroundings,
): Promise<ControlPlane> {
  const { journal, mirrors, ring } = observed;
  const { configuration, logger, isMounted, undo } = surroundings;
  const mirrorList = mirrorCommands(observed, surroundings);
  const metrics = await startedMetrics(mirrors, surroundings);
  const history = await History.open(join(configuration.statePath, 'history'), logger);
  undo.push(() => history.close());
  const driver = chosenDriver(configuration);
  const parts = { ...observed, history, space: new Map<string, Space>() };
  const publisher = new Publisher({ ...parts, logger });
  publisher.start();
  undo.push(() => publisher.stop());
  const attention = new Attention(parts);
  attention.start();
  undo.push(() => attention.stop());
  return new Projection({
    ...parts,
    mirrorList,
    metrics,
    configuration: configurationCommands(mirrorList, ring, surroundings),
    attention,
    mount: () => ({
      point: configuration.mountPoint,
      driver: driver.name,
      driverReason: driver.reason,
      mounted: isMounted(),
    }),
    setDetachment: (mirror, reason) => journal.setDetachment(mirror, reason),
    setWritesOff: (reason) => journal.setWritesOff(reason),
    version: VERSION,
  });
}

function mirrorCommands(
  { mirrors, journal, coordinator }: Observed,
  { configuration, configurationFile: file }: Surroundings,
): MirrorCommands {
  return new MirrorCommands({
    file,
    mirrors,
    probe: async (config) => probeMirror(config, await ownGround(configuration), configuration.timeoutMs),
    checkHostKey: (config) => checkHostKey(config, configuration.timeoutMs),
    forget: (mirror) => journal.forget(mirror),
    letGo: (mirror) => endWaitsFor(coordinator, mirror),
  });
}

async function startedMetrics(
  mirrors: MirrorSet,
  { configuration, logger, undo }: Surroundings,
): Promise<MetricSampler> {
  const files = new MetricFiles(join(configuration.statePath, 'metrics'), logger);
  const kept = await files.load(mirrors.all.map(({ name }) => name));
  const sampler = new MetricSampler({ mirrors, files, kept });
  sampler.start();
  undo.push(() => sampler.stop());
  return sampler;
}

function configurationCommands(
  mirrorList: MirrorCommands,
  ring: EventRing,
  { configuration, configurationFile: file, undo }: Surroundings,
): ConfigurationCommands {
  const versions = new ConfigurationVersions(join(configuration.statePath, 'configurations'));
  file?.keepVersions(versions);
  const unsubscribe = file?.events.on('changed', (text) =>
    ring.emit('config.changed', { etag: etagOf(text) }),
  );
  undo.push(() => unsubscribe?.());
  return new ConfigurationCommands({ file, versions, rewrite: (change) => mirrorList.rewrite(change) });
}
