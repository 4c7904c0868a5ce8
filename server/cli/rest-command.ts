import { type Command, Option } from 'commander';
import { DEFAULT_URL, connect, parseUrl } from './connection.ts';
import { exitCodeOf } from './exit-codes.ts';
import type { RestClient } from './rest-client.ts';
import { type Terminal, failureLine, jsonText } from './terminal.ts';

/** What every command that talks to an appliance takes. */
export interface RestOptions {
  readonly url: URL;
  readonly json?: true;
}

/** What a command found out: for programs, and as text for people. */
export interface Answer {
  readonly value: unknown;
  readonly text: string;
  /** Where it is not 0 although there is an answer. */
  readonly exitCode?: number;
}

/** Makes the commands that talk to a running appliance. */
export class RestCommands {
  readonly #program: Command;
  readonly #terminal: Terminal;

  constructor(program: Command, terminal: Terminal) {
    this.#program = program;
    this.#terminal = terminal;
  }

  add(usage: string, description: string): Command {
    const url = new Option('--url <url>', 'where the appliance listens').argParser(parseUrl);
    return (
      this.#program
        .command(usage)
        .description(description)
        // Commander itself would end every wrong usage with 1, which here means that the appliance refused.
        .exitOverride((ending) => this.#terminal.exitNow(exitCodeOf(ending)))
        .addOption(url.default(parseUrl(DEFAULT_URL), DEFAULT_URL))
        .option('--json', 'print the answer as JSON')
    );
  }

  /** Prints what `work` answers, or why it failed; what it prints itself comes before. */
  async run(
    options: RestOptions,
    work: (client: RestClient, out: Terminal['out']) => Promise<Answer>,
  ): Promise<void> {
    try {
      const { value, text, exitCode } = await work(connect(options.url, this.#terminal), (text) =>
        this.#terminal.out(text),
      );
      this.#terminal.out(options.json ? jsonText(value) : text);
      if (exitCode) this.#terminal.exitWith(exitCode);
    } catch (thrown) {
      this.#terminal.err(failureLine(thrown instanceof Error ? thrown.message : String(thrown)));
      this.#terminal.exitWith(exitCodeOf(thrown));
    }
  }
}
