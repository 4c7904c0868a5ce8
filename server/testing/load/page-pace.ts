import type { Page } from 'playwright-core';

/** How a page has run since it was last asked. */
export interface PagePace {
  readonly elapsedMs: number;
  /** The longest time for which it could answer nobody; 0 where none took 50 ms. */
  readonly longestTaskMs: number;
  readonly longTasks: number;
  /** How often something came into it or went. */
  readonly renders: number;
}

/** Begins to watch the page that is loaded. */
export async function watchPace(page: Page): Promise<void> {
  await page.evaluate(WATCH);
}

/** What was seen since the last call, or since `watchPace`. */
export function takePace(page: Page): Promise<PagePace> {
  return page.evaluate<PagePace>('window.takePace()');
}

/** Runs in the page, which has no types of its own here. */
const WATCH = `{
  let startMs, longestTaskMs, longTasks, renders;
  const begin = () => { startMs = performance.now(); longestTaskMs = longTasks = renders = 0; };
  begin();
  const tasks = (entries) => {
    for (const { duration } of entries) { longTasks += 1; longestTaskMs = Math.max(longestTaskMs, duration); }
  };
  const observer = new PerformanceObserver((list) => tasks(list.getEntries()));
  observer.observe({ entryTypes: ['longtask'] });
  new MutationObserver(() => { renders += 1; })
    .observe(document.querySelector('main'), { subtree: true, childList: true });
  window.takePace = () => {
    tasks(observer.takeRecords());
    const pace = { elapsedMs: performance.now() - startMs, longestTaskMs, longTasks, renders };
    begin();
    return pace;
  };
}`;
