import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

const CHROMIUM = '/usr/bin/chromium';
const LAUNCH_LIMIT_MS = 30_000;
const ACTION_LIMIT_MS = 5000;
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export interface WindowOptions {
  readonly widthPx?: number;
  readonly heightPx?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** A page of its own, with cookies of its own. */
export interface BrowserWindow {
  readonly page: Page;
  /** Uncaught errors of the page, and dialogs that a script has opened. */
  readonly problems: readonly string[];
}

/** A real headless Chromium; whatever it is asked to do has a limit. */
export class TestBrowser {
  readonly #browser: Browser;

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    if (!existsSync(CHROMIUM)) throw new Error(`${CHROMIUM} is missing: install chromium`);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      args: ARGUMENTS,
      timeout: LAUNCH_LIMIT_MS,
    });
    return new TestBrowser(browser);
  }

  async open({
    widthPx = 1440,
    heightPx = 900,
    colorScheme = 'light',
  }: WindowOptions = {}): Promise<BrowserWindow> {
    const context = await this.#browser.newContext({
      viewport: { width: widthPx, height: heightPx },
      colorScheme,
      reducedMotion: 'reduce',
    });
    context.setDefaultTimeout(ACTION_LIMIT_MS);
    const page = await context.newPage();
    const problems: string[] = [];
    page.on('pageerror', (error) => problems.push(error.stack ?? error.message));
    page.on('dialog', (dialog) => {
      problems.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss().catch(() => {});
    });
    return { page, problems };
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }
}
