import { isDeepStrictEqual } from 'node:util';
import type { MirrorTrial } from '../../shared/api.ts';
import type { ChangedMirror, NewMirror, TriedMirror } from '../../shared/requests.ts';
import { AppError } from '../base/errors.ts';
import type { Configuration, MirrorConfiguration } from '../config/configuration.ts';
import type { ConfigurationFile } from '../config/configuration-file.ts';
import { hasMirror, type MirrorEdit, withMirror, withoutMirror } from '../config/editing.ts';
import type { MirrorListControl } from './control-plane.ts';
import type { MirrorSet } from './mirror-set.ts';
import { mirrorTrial } from './mirror-trial.ts';
import type { MirrorProbe } from './probe-mirror.ts';

export interface MirrorCommandsOptions {
  /** Undefined where the configuration came from elsewhere: nothing can be changed then. */
  readonly file: ConfigurationFile | undefined;
  readonly mirrors: MirrorSet;
  /** Rejects with what is in the way of using the mirror at all. */
  readonly probe: (config: MirrorConfiguration) => Promise<MirrorProbe>;
  /** Rejects with why its server is not trusted, or not reached. */
  readonly checkHostKey: (config: MirrorConfiguration) => Promise<void>;
  /** Forgets durably all that is known of a mirror. */
  readonly forget: (name: string) => Promise<void>;
  /** Ends what waits for this mirror alone. */
  readonly letGo: (name: string) => void;
}

/**
 * Adds, changes and removes mirrors while everything else goes on. The file says the same afterwards; where a command
 * is refused, nothing has changed in either.
 */
export class MirrorCommands implements MirrorListControl {
  readonly #options: MirrorCommandsOptions;
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MirrorCommandsOptions) {
    this.#options = options;
  }

  /** Rejects with NAME_TAKEN, CONFIG_INVALID, CONFIG_NOT_WRITTEN, or with what the probe finds. */
  add({ id, ...settings }: NewMirror): Promise<void> {
    return this.#inTurn(async () => {
      const { mirrors } = this.#options;
      await mirrors.add(await this.#edited(id, (text) => this.#added(text, id, settings)));
    });
  }

  /** Rejects with NAME_TAKEN, CONFIG_INVALID or CONFIG_NOT_WRITTEN; whatever else is in the way is answered. */
  async test({ id, path, ...settings }: TriedMirror): Promise<MirrorTrial> {
    const { probe, checkHostKey } = this.#options;
    // In place of a path that isn't known yet, any will do that is below no other mirror's.
    const whole = { ...settings, path: path ?? `${id}.proxyfs` };
    const config = named(await this.#file().preview((text) => this.#added(text, id, whole)), id);
    return mirrorTrial(path === undefined ? checkHostKey(config) : probe(config));
  }

  #added(text: string, id: string, settings: Omit<NewMirror, 'id'>): string {
    if (this.#options.mirrors.find(id) || hasMirror(text, id))
      throw new AppError('NAME_TAKEN', `${id} is there already`);
    return withMirror(text, id, inFile(settings));
  }

  /** Rejects like `add`, and with RESOURCE_NOT_FOUND. Where it leads elsewhere now, it is a new mirror. */
  change(id: string, settings: ChangedMirror): Promise<void> {
    return this.#inTurn(async () => {
      const { mirrors } = this.#options;
      const before = mirrors.get(id).mirror.config;
      const after = await this.#edited(id, (text) => withMirror(text, id, inFile(settings)), before);
      if (placeOf(before) === placeOf(after)) return mirrors.replace(after);
      await this.#letGo(id);
      await mirrors.add(after);
    });
  }

  /** Its files stay where they are. Rejects with RESOURCE_NOT_FOUND, CONFIG_INVALID or CONFIG_NOT_WRITTEN. */
  remove(id: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#options.mirrors.get(id);
      await this.#file().edit(
        (text) => withoutMirror(text, id),
        () => Promise.resolve(),
      );
      await this.#letGo(id);
    });
  }

  /** Changes the text of the file as a whole, and has the mirrors as it says then. Rejects like `add`. */
  rewrite(change: (text: string) => string): Promise<void> {
    return this.#inTurn(async () => {
      const { mirrors, probe } = this.#options;
      const running = mirrors.all.map(({ mirror }) => mirror.config);
      const { mirrors: wanted } = await this.#file().edit(change, async (next) => {
        const ways = new Set(running.map(wayTo));
        await Promise.all(next.mirrors.filter((each) => !ways.has(wayTo(each))).map(probe));
      });
      const moved = running.filter((before) => !wanted.some((after) => isSamePlace(before, after)));
      for (const { name } of moved) await this.#letGo(name);
      for (const after of wanted) await this.#become(after);
      this.#file().mirrorsFollow();
    });
  }

  async #become(after: MirrorConfiguration): Promise<void> {
    const { mirrors } = this.#options;
    const known = mirrors.find(after.name);
    if (!known) await mirrors.add(after);
    else if (!isDeepStrictEqual(known.mirror.config, after)) await mirrors.replace(after);
  }

  async #letGo(id: string): Promise<void> {
    const { mirrors, forget, letGo } = this.#options;
    // What is under way would otherwise hold up the removal for as long as it tries to reach the mirror.
    mirrors.get(id).detach('it is being removed');
    letGo(id);
    await mirrors.remove(id, () => forget(id));
  }

  /** Writes the file when the mirror as it will be has been reached, if it is reached in another way than before. */
  async #edited(
    id: string,
    edit: (text: string) => string,
    before?: MirrorConfiguration,
  ): Promise<MirrorConfiguration> {
    const accept = async (next: Configuration) => {
      const after = named(next, id);
      if (!before || wayTo(before) !== wayTo(after)) await this.#options.probe(after);
    };
    return named(await this.#file().edit(edit, accept), id);
  }

  #file(): ConfigurationFile {
    const { file } = this.#options;
    if (!file) throw new AppError('CONFIG_NOT_WRITTEN', 'this appliance has no configuration file');
    return file;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => {});
    return turn;
  }
}

function named({ mirrors }: Configuration, id: string): MirrorConfiguration {
  const found = mirrors.find(({ name }) => name === id);
  if (!found) throw new AppError('RESOURCE_NOT_FOUND', `the configuration file has no mirror ${id}`);
  return found;
}

/** The keys as the file has them. */
function inFile(
  settings: Readonly<Record<string, string | number | boolean | null | undefined>>,
): MirrorEdit {
  const snakeCase = (key: string) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given.map(([key, value]) => [snakeCase(key), value ?? null]));
}

/** All but what is done with a mirror that is reached. */
function wayTo(config: MirrorConfiguration): string {
  return JSON.stringify({ ...config, required: undefined, owner: undefined, bandwidthLimit: undefined });
}

function isSamePlace(before: MirrorConfiguration, after: MirrorConfiguration): boolean {
  return before.name === after.name && placeOf(before) === placeOf(after);
}

function placeOf({ host, port, user, path }: MirrorConfiguration): string {
  return JSON.stringify([host, port ?? 22, user, path]);
}
