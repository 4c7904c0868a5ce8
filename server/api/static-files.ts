import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../base/errors.ts';
import { wantsPage } from './login-page.ts';

/** The dashboard's files, for those who came in. Every address that isn't a file is a page of the dashboard. */
export async function staticFiles(app: FastifyInstance, webRoot: string | undefined): Promise<void> {
  if (webRoot !== undefined) {
    await app.register(fastifyStatic, {
      root: webRoot,
      cacheControl: false,
      dotfiles: 'ignore',
      setHeaders: (answer, path) => {
        answer.setHeader('cache-control', path.includes(`${sep}assets${sep}`) ? FOR_EVER : 'no-cache');
      },
    });
    // Fastify's own headers would win over those of a file.
    app.addHook('onSend', (_request, reply, payload, done) => {
      const ofFile = reply.raw.getHeader('cache-control');
      if (ofFile !== undefined) reply.header('cache-control', ofFile);
      done(null, payload);
    });
  }
  app.setNotFoundHandler(async (request, reply) => {
    if (webRoot !== undefined && wantsPage(request.method, request.url, request.headers.accept)) {
      const page = await readFile(join(webRoot, 'index.html'), 'utf8');
      return reply.type(HTML).header('cache-control', 'no-cache').send(basedAt(page, request.url));
    }
    throw new AppError('RESOURCE_NOT_FOUND');
  });
}

const HTML = 'text/html; charset=utf-8';

/** Relative, so that the page's files are found from any address, also where a proxy serves it all below a path of its own. */
function basedAt(page: string, url: string): string {
  const below = (url.split('?')[0] ?? '').split('/').length - 2;
  return page.replace('<base href="./"', `<base href="${'../'.repeat(below) || './'}"`);
}

/** Their names change with their content. */
const FOR_EVER = 'private, max-age=31536000, immutable';
