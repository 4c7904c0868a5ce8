import { isDeepStrictEqual } from 'node:util';
import { realpath, stat } from 'node:fs/promises';
import { TypedEmitter } from '../base/emitter.ts';
import { AppError } from '../base/errors.ts';
import { replaceDurably } from '../base/durable-file.ts';
import type { Configuration } from './configuration.ts';
import type { ConfigurationVersions } from './configuration-versions.ts';
import { parseConfiguration, parseFile, readConfigurationText } from './load.ts';
import type { Settings } from './schema.ts';

const PREVIOUS = '.previous';

type Acceptance = (next: Configuration) => Promise<void>;

/** The file that the appliance runs by, changed on an operator's behalf. */
export class ConfigurationFile {
  readonly events = new TypedEmitter<{ changed: string }>();
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;
  #last: Promise<unknown> = Promise.resolve();
  #running: Settings | undefined;
  #written: Settings | undefined;
  #versions: ConfigurationVersions | undefined;

  constructor(file: string, env: NodeJS.ProcessEnv) {
    this.#file = file;
    this.#env = env;
  }

  /** Reads what the appliance is to be run by; the file is compared with that later. */
  async load(): Promise<Configuration> {
    const { settings, configuration } = await parseFile(await this.text(), this.#file, this.#env);
    this.#running = settings;
    return configuration;
  }

  /** Undefined before `load`. */
  get running(): Settings | undefined {
    return this.#running;
  }

  /** From now on the texts that are replaced are kept there. */
  keepVersions(versions: ConfigurationVersions): void {
    this.#versions = versions;
  }

  /** All mirrors are run by what was written last. */
  mirrorsFollow(): void {
    if (this.#running && this.#written) this.#running = { ...this.#running, mirrors: this.#written.mirrors };
  }

  text(): Promise<string> {
    return readConfigurationText(this.#file);
  }

  /** The values of such a text. Rejects with CONFIG_INVALID. */
  async settings(text: string): Promise<Settings> {
    return (await parseFile(text, this.#file, this.#env)).settings;
  }

  /**
   * Changes the text as it stands in the file now, if `accept` resolves with what the new one says, and answers that.
   * The file as it was stays beside it, as `FILE.previous`. Rejects with nothing changed: CONFIG_INVALID where the new
   * text would have mistakes, CONFIG_CHANGED where somebody else wrote it meanwhile, CONFIG_NOT_WRITTEN, or whatever `accept` rejects with. Edits follow one another.
   */
  edit(change: (text: string) => string, accept: Acceptance): Promise<Configuration> {
    const turn = this.#last.then(() => this.#edit(change, accept));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** What the file would say with the text changed so; nothing is written. Rejects with CONFIG_INVALID. */
  async preview(change: (text: string) => string): Promise<Configuration> {
    return parseConfiguration(change(await readConfigurationText(this.#file)), this.#file, this.#env);
  }

  async #edit(change: (text: string) => string, accept: Acceptance): Promise<Configuration> {
    const before = await readConfigurationText(this.#file);
    const after = change(before);
    const { settings, configuration: next } = await parseFile(after, this.#file, this.#env);
    await accept(next);
    if (after !== before) await this.#write(before, after);
    await this.#follow(before, settings);
    this.events.emit('changed', after);
    return next;
  }

  /** What an editor wrote about other mirrors is still waiting. */
  async #follow(before: string, after: Settings): Promise<void> {
    this.#written = after;
    if (!this.#running) return;
    const { mirrors } = await this.settings(before).catch(() => after);
    const running = { ...this.#running.mirrors };
    for (const name of Object.keys({ ...mirrors, ...after.mirrors })) {
      const now = after.mirrors[name];
      if (isDeepStrictEqual(mirrors[name], now)) continue;
      if (now) running[name] = now;
      else delete running[name];
    }
    this.#running = { ...this.#running, mirrors: running };
  }

  async #write(before: string, after: string): Promise<void> {
    // Accepting takes a while, in which an editor may have saved.
    if ((await this.text()) !== before) throw new AppError('CONFIG_CHANGED');
    try {
      // What a link points to is the file; the link stays one.
      const file = await realpath(this.#file);
      const { mode, uid, gid } = await stat(file);
      const kept = { mode: mode & 0o777, owner: { uid, gid } };
      await this.#versions?.keep(before);
      await replaceDurably(`${file}${PREVIOUS}`, before, kept);
      await replaceDurably(file, after, kept);
    } catch (cause) {
      const errno = (cause as NodeJS.ErrnoException).code ?? 'unknown error';
      const hint =
        errno === 'EBUSY' ? ' (in a container, mount its directory instead of the file alone)' : '';
      throw new AppError('CONFIG_NOT_WRITTEN', `${this.#file} can't be replaced: ${errno}${hint}`, { cause });
    }
  }
}
