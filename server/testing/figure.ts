/** Begins a line that `npm run prove` puts into its report. */
export const FIGURE = 'figure: ';

/** Prints what a test has measured or counted, beyond that it passed. */
export function figure(text: string): void {
  process.stderr.write(`${FIGURE}${text}\n`);
}
