import { readFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { AppError } from '../base/errors.ts';
import { wantsPage } from './login-page.ts';
import { topOf } from './top-address.ts';

/** The dashboard's files, for those who came in. Every address that isn't a file is a page of the dashboard. */
export async function staticFiles(
  app: FastifyInstance,
  webRoot: string | undefined,
  basePath: string,
): Promise<void> {
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
      return reply
        .type(HTML)
        .header('cache-control', 'no-cache')
        .send(page.replace('<base href="./"', `<base href="${topOf(request.url, basePath)}"`));
    }
    throw new AppError('RESOURCE_NOT_FOUND');
  });
}

const HTML = 'text/html; charset=utf-8';

/** Their names change with their content. */
const FOR_EVER = 'private, max-age=31536000, immutable';
