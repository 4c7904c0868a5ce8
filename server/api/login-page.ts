import { API_PREFIX } from '../../shared/api.ts';
import type { ErrorCode } from '../../shared/error-codes.ts';
import { LEAST_PASSWORD_CHARS } from '../../shared/requests.ts';
import { plainPage } from './plain-page.ts';

const NOTES: Partial<Record<ErrorCode, string>> = {
  TOO_MANY_ATTEMPTS: 'Too many wrong tries. Wait a minute, then try again.',
  FOREIGN_ORIGIN: 'This form was not sent from here.',
};

/**
 * What a stranger's browser sees: a form, and nothing of what is behind it. `top` leads to where it all begins, `code` is why the last try failed. A
 * password is asked for where there is one, and offered where there is none.
 */
export function loginPage(top: string, code: ErrorCode | undefined, hasPassword: boolean): string {
  const label = hasPassword ? 'Password or access token' : 'Access token';
  const wrong = hasPassword ? 'This password or token is not valid.' : 'This token is not valid.';
  return page(
    'Sign in',
    `<form method="post" action="${top}session">
<label for="password">${label}</label>
<input id="password" name="password" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
${noteOf(code, { UNAUTHORIZED: wrong })}
${hasPassword ? '' : `<p>First start? <a href="${top}setup">Set a password</a></p>`}
</form>`,
  );
}

/** Where the first password is set, by who can read the log. */
export function setupPage(top: string, code: ErrorCode | undefined): string {
  const notes = {
    UNAUTHORIZED: 'This token is not valid.',
    REQUEST_INVALID: `A password has at least ${LEAST_PASSWORD_CHARS} characters.`,
    SCOPE_MISSING: 'This needs the token of the start.',
    ALREADY_DECIDED: 'The password is set already.',
    PASSWORD_FAILED: 'The password cannot be kept. The log says why.',
  };
  return page(
    'Set a password',
    `<form method="post" action="${top}setup">
<label for="token">Access token</label>
<input id="token" name="token" type="password" autocomplete="off" aria-describedby="where" required autofocus>
<small id="where">It stands in the log of this start, unless you chose one.</small>
<label for="password">New password</label>
<input id="password" name="password" type="password" autocomplete="new-password" minlength="${LEAST_PASSWORD_CHARS}" required>
<button type="submit">Set password</button>
${noteOf(code, notes)}
</form>`,
  );
}

function noteOf(code: ErrorCode | undefined, own: Partial<Record<ErrorCode, string>>): string {
  if (code === undefined) return '';
  return `<p role="alert">${own[code] ?? NOTES[code] ?? 'This did not work.'}</p>`;
}

function page(title: string, content: string): string {
  return plainPage(title, STYLE, `<main>\n<h1>${title}</h1>\n${content}\n</main>`);
}

const STYLE = `
body, main { display: grid; place-items: center }
body { min-height: 100dvh; margin: 0 }
h1 { font-size: 1.25rem }
form { display: grid; gap: .75rem; width: min(20rem, 90vw) }
input, button { font: inherit; padding: .5rem .75rem }
`;

const FORMS = ['/session', '/setup'];

/** Whether a person's browser asks for a page, who then gets the form rather than JSON. */
export function wantsPage(method: string, url: string, accept: string | undefined): boolean {
  if (!accept?.includes('text/html')) return false;
  if (method === 'POST') return FORMS.includes(url);
  return method === 'GET' && (url === DOCS || !NOT_PAGES.some((prefix) => url.startsWith(prefix)));
}

/** For people, though it stands among what is for programs. */
const DOCS = '/api/docs';
const NOT_PAGES = [`${API_PREFIX}/`, '/api/', '/socket.io', '/metrics', '/readyz', '/healthz'];
