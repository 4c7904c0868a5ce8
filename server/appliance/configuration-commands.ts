import { createHash } from 'node:crypto';
import type {
  ConfigurationChange,
  ConfigurationVerdict,
  ConfigurationVersion,
  ConfigurationView,
} from '../../shared/configuration.ts';
import { AppError } from '../base/errors.ts';
import { changedKeys, refuseFileOnly } from '../config/changed-keys.ts';
import type { ConfigurationFile } from '../config/configuration-file.ts';
import { configurationKeys } from '../config/configuration-keys.ts';
import type { ConfigurationVersions } from '../config/configuration-versions.ts';
import { ConfigurationError, mistakesIn } from '../config/problem.ts';
import type { Settings } from '../config/schema.ts';
import type { ConfigurationControl } from './control-plane.ts';

const NAME = 'the configuration';

export interface ConfigurationCommandsOptions {
  /** Undefined where the configuration came from elsewhere. */
  readonly file: ConfigurationFile | undefined;
  readonly versions: ConfigurationVersions;
  /** Changes the file, and the list of mirrors with it. */
  readonly rewrite: (change: (text: string) => string) => Promise<void>;
}

/** Reads, checks and replaces the configuration file: mirrors at once, whatever else at the next start. */
export class ConfigurationCommands implements ConfigurationControl {
  readonly #options: ConfigurationCommandsOptions;

  constructor(options: ConfigurationCommandsOptions) {
    this.#options = options;
  }

  async read(): Promise<ConfigurationView> {
    const file = this.#file();
    const text = await file.text();
    const { settings, errors } = await this.#settings(text);
    const waiting = settings && file.running ? changedKeys(file.running, settings) : [];
    return {
      text,
      etag: etagOf(text),
      value: settings ?? null,
      errors,
      waiting,
      keys: configurationKeys(),
    };
  }

  async validate(text: string): Promise<ConfigurationVerdict> {
    const current = await this.#file().text();
    const { settings, errors } = await this.#settings(text);
    const refused = await errorsOf(() => refuseFileOnly(current, text, NAME));
    const mistakes = errors.length > 0 ? errors : refused;
    return {
      valid: mistakes.length === 0,
      errors: mistakes,
      changes: await this.#changes(current, settings),
    };
  }

  async replace(text: string, etag: string): Promise<ConfigurationView> {
    const file = this.#file();
    refuseOther(await file.text(), etag);
    await file.settings(text);
    await this.#options.rewrite((current) => {
      refuseOther(current, etag);
      refuseFileOnly(current, text, NAME);
      return text;
    });
    return this.read();
  }

  versions(): Promise<readonly ConfigurationVersion[]> {
    return this.#options.versions.list();
  }

  version(id: string): Promise<string | undefined> {
    return this.#options.versions.text(id);
  }

  async #changes(current: string, after: Settings | undefined): Promise<ConfigurationChange[]> {
    const { settings: before = this.#file().running } = await this.#settings(current);
    return before && after ? changedKeys(before, after) : [];
  }

  async #settings(text: string) {
    let settings: Settings | undefined;
    const errors = await errorsOf(async () => {
      settings = await this.#file().settings(text);
    });
    return { settings, errors };
  }

  #file(): ConfigurationFile {
    const { file } = this.#options;
    if (!file) throw new AppError('CONFIG_NOT_WRITTEN', 'this appliance has no configuration file');
    return file;
  }
}

/** Of these bytes and no others. */
export function etagOf(text: string): string {
  return `"${createHash('sha256').update(text).digest('base64url')}"`;
}

function refuseOther(text: string, etag: string): void {
  if (etagOf(text) !== etag) throw new AppError('CONFIG_CHANGED');
}

/** The mistakes that it ends with; none where it succeeds. */
async function errorsOf(check: () => void | Promise<void>): Promise<ConfigurationVerdict['errors']> {
  try {
    await check();
    return [];
  } catch (thrown) {
    if (thrown instanceof ConfigurationError) return mistakesIn(thrown);
    throw thrown;
  }
}
