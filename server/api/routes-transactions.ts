import type { FastifyInstance } from 'fastify';
import { API_PREFIX, type Accepted } from '../../shared/api.ts';
import { reasonBodySchema, transactionsQuerySchema } from '../../shared/requests.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { checked } from './problem.ts';
import { bodyOf, found, idOf, nothingSchema } from './route.ts';

/** The transactions in flight and over, and what an operator may do to them. */
export function transactionRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  app.get(`${API_PREFIX}/transactions`, (request) =>
    controlPlane.transactions(checked(transactionsQuerySchema, request.query, 'query')),
  );

  app.get(`${API_PREFIX}/transactions/:id`, (request) => {
    checked(nothingSchema, request.query, 'query');
    return found(controlPlane.transaction(idOf(request)), 'transaction');
  });

  const change = (name: string, carryOut: (id: string, reason: string | undefined) => void) =>
    app.post(`${API_PREFIX}/transactions/:id/${name}`, (request, reply) => {
      checked(nothingSchema, request.query, 'query');
      const { reason } = checked(reasonBodySchema, bodyOf(request), 'body');
      const transaction = idOf(request);
      carryOut(transaction, reason);
      const accepted: Accepted = { accepted: true, transaction };
      return reply.code(202).send(accepted);
    });
  change('retry', (id) => controlPlane.retryTransaction(id));
  change('cancel', (id, reason) => controlPlane.cancelTransaction(id, reason));
}
