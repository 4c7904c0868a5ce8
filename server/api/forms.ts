import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Routes that browsers send forms to. Nothing else takes forms, which any page may send anywhere. */
export async function formRoutes(
  app: FastifyInstance,
  addRoutes: (scope: FastifyInstance) => void,
): Promise<void> {
  await app.register((scope, _options, done) => {
    scope.addContentTypeParser(
      'application/x-www-form-urlencoded',
      { parseAs: 'string' },
      (_request: FastifyRequest, body: string) =>
        Promise.resolve(Object.fromEntries(new URLSearchParams(body))),
    );
    addRoutes(scope);
    done();
  });
}
