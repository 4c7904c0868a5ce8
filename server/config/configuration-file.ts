import { realpath, stat } from 'node:fs/promises';
import { AppError } from '../base/errors.ts';
import { replaceDurably } from '../base/durable-file.ts';
import type { Configuration } from './configuration.ts';
import { parseConfiguration, readConfigurationText } from './load.ts';

const PREVIOUS = '.previous';

type Acceptance = (next: Configuration) => Promise<void>;

/** The file that the appliance runs by, changed on an operator's behalf. */
export class ConfigurationFile {
  readonly #file: string;
  readonly #env: NodeJS.ProcessEnv;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string, env: NodeJS.ProcessEnv) {
    this.#file = file;
    this.#env = env;
  }

  /**
   * Changes the text as it stands in the file now, if `accept` resolves with what the new one says, and answers that.
   * The file as it was stays beside it, as `FILE.previous`. Rejects with nothing changed: CONFIG_INVALID where the new
   * text would have mistakes, CONFIG_NOT_WRITTEN, or whatever `accept` rejects with. Edits follow one another.
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
    const next = await parseConfiguration(after, this.#file, this.#env);
    await accept(next);
    if (after !== before) await this.#write(before, after);
    return next;
  }

  async #write(before: string, after: string): Promise<void> {
    try {
      // What a link points to is the file; the link stays one.
      const file = await realpath(this.#file);
      const { mode, uid, gid } = await stat(file);
      const kept = { mode: mode & 0o777, owner: { uid, gid } };
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
