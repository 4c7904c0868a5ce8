import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { waitUntil } from './wait-until.ts';

const VIEWS = (['light', 'dark'] as const).flatMap((colorScheme) =>
  [360, 1440].map((width) => ({ colorScheme, width })),
);

/** What goes on for ever, such as a spinner, doesn't count. */
const RESTS =
  "document.getAnimations().every((each) => each.playState !== 'running' || each.effect.getComputedTiming().endTime === Infinity)";

/**
 * What is wrong with the page that is shown, as a sentence for each finding: nothing sticks out to the side on a phone or a wide
 * screen, and axe has nothing to say in either colour scheme.
 */
export async function findingsOf(page: Page): Promise<string[]> {
  const findings: string[] = [];
  for (const { colorScheme, width } of VIEWS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 800 });
    // What a button says that is pointed at stands beside the page.
    await page.mouse.move(0, 0);
    await page.getByRole('tooltip').first().waitFor({ state: 'hidden' });
    // A colour on its way from one to the other is neither.
    await waitUntil('the page rests', () => page.evaluate(RESTS));
    const found = [...(await axeFindings(page)), ...(await overflow(page))];
    findings.push(...found.map((finding) => `${page.url()} ${colorScheme} ${width} px: ${finding}`));
  }
  return findings;
}

async function axeFindings(page: Page): Promise<string[]> {
  // Through the debugger: the page's own policy lets no foreign script in.
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (globalThis as unknown as { axe: typeof axe }).axe.run());
  return violations.map(
    ({ id, impact, nodes }) => `${id} (${impact}) at ${JSON.stringify(nodes[0]?.target)}`,
  );
}

async function overflow(page: Page): Promise<string[]> {
  const beyondPx = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
  return typeof beyondPx === 'number' && beyondPx <= 0 ? [] : [`${String(beyondPx)} px stick out`];
}
