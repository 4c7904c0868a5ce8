const TOKEN_CHARS = 100;

/** Where something stands in a JSON value (RFC 6901). Long names are cut: they may be anybody's. */
export function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((name) => `/${tokenOf(String(name))}`).join('');
}

/** The names that a pointer leads through. */
export function pointerPath(pointer: string): string[] {
  const tokens = pointer.split('/').slice(1);
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function tokenOf(name: string): string {
  const shown = name.length > TOKEN_CHARS ? `${name.slice(0, TOKEN_CHARS - 1)}…` : name;
  return shown.replaceAll('~', '~0').replaceAll('/', '~1');
}
