import type { IncomingHttpHeaders } from 'node:http';

export type OriginVerdict = 'same' | 'foreign' | 'unsaid';

/**
 * Which page a request comes from, by what the browser adds and a page can't change. Both headers have to agree:
 * `unsaid` is a program, or a browser's simple reading request on plain http.
 */
export function originOf(headers: IncomingHttpHeaders): OriginVerdict {
  const verdicts = [siteVerdict(headers['sec-fetch-site']), originVerdict(headers.origin, headers.host)];
  if (verdicts.includes('foreign')) return 'foreign';
  return verdicts.includes('same') ? 'same' : 'unsaid';
}

/** `same-site` is foreign: any other port of this machine is the same site. */
function siteVerdict(site: string | string[] | undefined): OriginVerdict {
  if (site === undefined) return 'unsaid';
  return site === 'same-origin' || site === 'none' ? 'same' : 'foreign';
}

function originVerdict(origin: string | undefined, host: string | undefined): OriginVerdict {
  if (origin === undefined) return 'unsaid';
  if (host === undefined || !URL.canParse(origin)) return 'foreign';
  const { protocol, host: originHost } = new URL(origin);
  if (protocol !== 'http:' && protocol !== 'https:') return 'foreign';
  // Both through the same parser, so that case and default ports don't matter.
  return URL.canParse(`${protocol}//${host}`) && new URL(`${protocol}//${host}`).host === originHost
    ? 'same'
    : 'foreign';
}
