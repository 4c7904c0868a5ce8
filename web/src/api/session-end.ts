const RELOAD_KEY = 'proxyfs-login-reload';
const QUIET_MS = 10_000;

/** Loads the page again, which without a session is the login. */
export function goToLogin(): void {
  // A server that answers the page but refuses its calls must not make it reload for ever.
  if (Date.now() - lastReloadMs() < QUIET_MS) return;
  try {
    sessionStorage.setItem(RELOAD_KEY, String(Date.now()));
  } catch {
    return;
  }
  location.reload();
}

function lastReloadMs(): number {
  try {
    return Number(sessionStorage.getItem(RELOAD_KEY) ?? 0);
  } catch {
    return Date.now();
  }
}
