// A file of its own and loaded before the first paint: the content security policy allows no inline
// script, and choosing the scheme later would flash the wrong one.
(() => {
  let chosen = 'auto';
  try {
    chosen = localStorage.getItem('proxyfs-color-scheme') ?? 'auto';
  } catch {
    // Storage may be blocked; the system's preference decides then.
  }
  const dark = matchMedia('(prefers-color-scheme: dark)').matches;
  const scheme = chosen === 'light' || chosen === 'dark' ? chosen : dark ? 'dark' : 'light';
  document.documentElement.setAttribute('data-mantine-color-scheme', scheme);
})();
