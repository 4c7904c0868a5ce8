export interface Bar {
  readonly label: string;
  /** How many times as good as what it is held against. */
  readonly times: number;
}

const WIDTH = 860;
const LABEL_WIDTH = 470;
const ROW_HEIGHT = 26;
const TOP = 34;
const BOTTOM = 12;
/** The chart ends at so many times as good, or as bad. */
const MOST_DOUBLINGS = 3;
const CENTRE = LABEL_WIDTH + (WIDTH - LABEL_WIDTH) / 2;
const HALF = (WIDTH - LABEL_WIDTH) / 2 - 50;

/** Ratios as bars from the middle, on a scale of doublings: to the right is better. An SVG with colours of its own. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const height = TOP + bars.length * ROW_HEIGHT + BOTTOM;
  const rows = bars.map((bar, k) => row(bar, TOP + k * ROW_HEIGHT));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="13" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    `<text x="12" y="21" font-weight="bold" fill="#1a1b1e">${escaped(title)}</text>`,
    ...[-2, -1, 1, 2].map((doublings) => line(at(doublings), height, '#e4e5e9')),
    line(CENTRE, height, '#868e96'),
    ...rows,
    '</svg>',
    '',
  ].join('\n');
}

function row({ label, times }: Bar, y: number): string {
  const end = at(Math.log2(times));
  const [from, to] = [Math.min(CENTRE, end), Math.max(CENTRE, end)];
  const isBetter = times >= 1;
  const [x, anchor] = isBetter ? [to + 6, 'start'] : [from - 6, 'end'];
  const middle = y + ROW_HEIGHT / 2 + 4;
  return [
    `<text x="12" y="${middle}" fill="#1a1b1e">${escaped(label)}</text>`,
    `<rect x="${from.toFixed(1)}" y="${y + 5}" width="${(to - from).toFixed(1)}" height="${ROW_HEIGHT - 10}" fill="${isBetter ? '#2b8a3e' : '#c2620a'}"/>`,
    `<text x="${x.toFixed(1)}" y="${middle}" text-anchor="${anchor}" fill="#1a1b1e">${times.toFixed(2)} x</text>`,
  ].join('\n');
}

function at(doublings: number): number {
  const capped = Math.max(-MOST_DOUBLINGS, Math.min(MOST_DOUBLINGS, doublings));
  return CENTRE + (capped / MOST_DOUBLINGS) * HALF;
}

function line(x: number, height: number, colour: string): string {
  return `<line x1="${x.toFixed(1)}" y1="${TOP - 4}" x2="${x.toFixed(1)}" y2="${height - 6}" stroke="${colour}"/>`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
