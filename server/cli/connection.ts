import { readFileSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { AppError } from '../base/errors.ts';
import { RestClient } from './rest-client.ts';
import type { Terminal } from './terminal.ts';

export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Reads `--url`, with or without a path below which a proxy has put the appliance. */
export function parseUrl(text: string): URL {
  if (!URL.canParse(text)) throw new InvalidArgumentError('It is not a URL.');
  const url = new URL(text.endsWith('/') ? text : `${text}/`);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new InvalidArgumentError('It must be http or https.');
  if (url.username || url.password || url.search || url.hash) {
    throw new InvalidArgumentError('It must have neither a login nor a query.');
  }
  return url;
}

/** The client for `url`, with the token of PROXYFS_TOKEN or PROXYFS_TOKEN_FILE. */
export function connect(url: URL, { environment }: Terminal): RestClient {
  const file = environment['PROXYFS_TOKEN_FILE'];
  const token = environment['PROXYFS_TOKEN'] ?? (file ? readToken(file) : undefined);
  if (!token)
    throw new AppError(
      'UNAUTHORIZED',
      'set PROXYFS_TOKEN to the token that the appliance was given or printed',
    );
  // It goes into a header, which takes nothing else.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new AppError('CONFIG_INVALID', 'PROXYFS_TOKEN is not a token');
  return new RestClient(url, token);
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new AppError('CONFIG_INVALID', `the file that PROXYFS_TOKEN_FILE names cannot be read: ${file}`, {
      cause,
    });
  }
}
