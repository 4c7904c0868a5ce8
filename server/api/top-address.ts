import type { Server } from 'node:http';

/**
 * Where the top is, as seen from a page at `url`: relative, so that it holds from any address, also where a proxy takes its
 * part of the path off before it passes a request on.
 */
export function topOf(url: string, basePath: string): string {
  if (basePath !== '') return `${basePath}/`;
  const below = (url.split('?')[0] ?? '').split('/').length - 2;
  return '../'.repeat(below) || './';
}

/** Takes the base path off each request, live events included, before anybody looks at it; others are served as they are. */
export function takeOff(basePath: string, server: Server): void {
  if (basePath === '') return;
  const shorten = (request: { url?: string | undefined }) => {
    const { url = '' } = request;
    if (!url.startsWith(basePath)) return;
    const rest = url.slice(basePath.length);
    if (rest === '' || rest.startsWith('?')) request.url = `/${rest}`;
    else if (rest.startsWith('/')) request.url = rest;
  };
  server.prependListener('request', shorten);
  server.prependListener('upgrade', shorten);
}
