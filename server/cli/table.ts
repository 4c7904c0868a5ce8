import { visibleText } from '../../shared/visible-text.ts';

const GAP = '  ';

/** Columns of text under a heading, each as wide as its widest cell; whatever would act on a screen is escaped. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [heading, ...rows].map((row) => row.map((cell) => visibleText(cell)));
  const widths = heading.map((_, column) => Math.max(...lines.map((line) => widthOf(line[column] ?? ''))));
  return lines.map((line) => `${lineText(line, widths)}\n`).join('');
}

function lineText(line: readonly string[], widths: readonly number[]): string {
  return line
    .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
    .join(GAP)
    .trimEnd();
}

/** In characters, not in UTF-16 units. */
function widthOf(text: string): number {
  return Array.from(text).length;
}
