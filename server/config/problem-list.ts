import { type Override, variableAt, variableProblem } from './environment.ts';
import type { ConfigurationProblem } from './problem.ts';
import type { KeyPath, YamlReading } from './yaml-reading.ts';

/** Collects problems and finds out where each of them stands: in the file, or in a variable. */
export class ProblemList {
  readonly problems: ConfigurationProblem[];
  readonly #reading: YamlReading;
  readonly #overrides: readonly Override[];

  constructor(reading: YamlReading, overrides: readonly Override[], found: readonly ConfigurationProblem[]) {
    this.#reading = reading;
    this.#overrides = overrides;
    this.problems = [...reading.problems, ...found];
  }

  add(path: KeyPath, message: string, part: 'key' | 'value' = 'value'): void {
    const variable = variableAt(this.#overrides, path);
    if (variable !== undefined) {
      this.problems.push(variableProblem(variable, message));
      return;
    }
    if (this.#reading.isReported(path)) return;
    this.problems.push({ key: path, ...this.#reading.positionOf(path, part), message });
  }
}
