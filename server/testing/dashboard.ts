import type { Locator, Page } from 'playwright-core';

/** The dashboard as a person uses it: by what it says and by the names of its buttons. */
export class Dashboard {
  readonly page: Page;
  readonly #url: string;

  constructor(page: Page, url: string) {
    this.page = page;
    this.#url = url;
  }

  async logIn(token: string): Promise<void> {
    await this.page.goto(this.#url);
    await this.submitToken(token);
  }

  /** Into the form that is shown now. */
  async submitToken(token: string): Promise<void> {
    await this.page.getByLabel('Access token').fill(token);
    await this.page.getByRole('button', { name: 'Sign in' }).click();
  }

  /** Goes to another page by the navigation. */
  async goTo(page: string): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: page }).click();
  }

  /** Loads the page at this address anew. */
  async load(path: string): Promise<void> {
    await this.page.goto(new URL(path, this.#url).href);
  }

  part(testId: string): Locator {
    return this.page.getByTestId(testId);
  }

  card(mirror: string): Locator {
    return this.page.locator(`article[data-mirror="${mirror}"]`);
  }

  /** Waits until the page has a part of this kind that says so. */
  async shows(testId: string, text: string | RegExp, limitMs?: number): Promise<Locator> {
    return this.#visible(this.part(testId), text, limitMs);
  }

  /** The same for one mirror's card: `link`, `content`, `reason`, `stale-paths`. */
  async mirrorShows(mirror: string, what: string, text: string | RegExp, limitMs?: number): Promise<void> {
    await this.#visible(this.card(mirror).getByTestId(`mirror-${what}`), text, limitMs);
  }

  /** Waits until the page has nothing of this kind any more. */
  async hides(locator: Locator, limitMs?: number): Promise<void> {
    await locator.first().waitFor({ state: 'hidden', ...limit(limitMs) });
  }

  async press(name: string, within: Locator | Page = this.page): Promise<void> {
    await within.getByRole('button', { name, exact: true }).click();
  }

  /** Presses a button of the dialog that is open, and waits until it has closed. */
  async answer(name: string): Promise<void> {
    const dialog = this.page.getByRole('dialog');
    await this.press(name, dialog);
    await dialog.waitFor({ state: 'hidden' });
  }

  async #visible(locator: Locator, text: string | RegExp, limitMs?: number): Promise<Locator> {
    const found = locator.filter({ hasText: text, visible: true }).first();
    await found.waitFor({ state: 'visible', ...limit(limitMs) });
    return found;
  }
}

function limit(limitMs: number | undefined): { timeout?: number } {
  return limitMs === undefined ? {} : { timeout: limitMs };
}
