import type { ErrorCode } from '../../shared/error-codes.ts';
import { API_PREFIX } from '../../shared/api.ts';

const NOTES: Partial<Record<ErrorCode, string>> = {
  UNAUTHORIZED: 'This token is not valid.',
  TOO_MANY_ATTEMPTS: 'Too many wrong tokens. Wait a minute, then try again.',
  FOREIGN_ORIGIN: 'This form was not sent from here.',
};

/** What a stranger's browser sees: a form, and nothing of what is behind it. `code` is why the last try failed. */
export function loginPage(code: ErrorCode | undefined): string {
  const note = code === undefined ? '' : `<p role="alert">${NOTES[code] ?? 'This did not work.'}</p>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { display: grid; min-height: 100dvh; margin: 0; place-items: center }
form { display: grid; gap: .75rem; width: min(20rem, 90vw) }
input, button { font: inherit; padding: .5rem .75rem }
</style>
</head>
<body>
<form method="post" action="/session">
<label for="token">Access token</label>
<input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
<button type="submit">Sign in</button>
${note}
</form>
</body>
</html>
`;
}

/** Whether a person's browser asks for a page, who then gets the form rather than JSON. */
export function wantsPage(method: string, url: string, accept: string | undefined): boolean {
  if (!accept?.includes('text/html')) return false;
  if (method === 'POST') return url === '/session';
  return method === 'GET' && !NOT_PAGES.some((prefix) => url.startsWith(prefix));
}

const NOT_PAGES = [`${API_PREFIX}/`, '/api/', '/socket.io', '/metrics', '/readyz', '/healthz'];
