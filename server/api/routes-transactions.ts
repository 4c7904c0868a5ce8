import type { FastifyInstance } from 'fastify';
import {
  API_PREFIX,
  type Accepted,
  acceptedSchema,
  transactionDetailSchema,
  transactionListSchema,
} from '../../shared/api.ts';
import { reasonBodySchema, transactionsQuerySchema } from '../../shared/requests.ts';
import type { ControlPlane } from '../appliance/control-plane.ts';
import { found, route } from './route.ts';

const TRANSACTIONS = `${API_PREFIX}/transactions`;

/** The transactions in flight and over, and what an operator may do to them. */
export function transactionRoutes(app: FastifyInstance, controlPlane: ControlPlane): void {
  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: TRANSACTIONS,
      summary: 'Transactions in flight and over, newest first',
      query: transactionsQuerySchema,
      answer: transactionListSchema,
    },
    ({ query }) => controlPlane.transactions(query),
  );

  route(
    app,
    {
      method: 'GET',
      scope: 'read',
      path: `${TRANSACTIONS}/:id`,
      summary: 'One transaction, with its steps',
      answer: transactionDetailSchema,
    },
    async ({ id }) => found(await controlPlane.transaction(id), 'transaction'),
  );

  changes(app, controlPlane);
}

function changes(app: FastifyInstance, controlPlane: ControlPlane): void {
  const change = (
    name: string,
    summary: string,
    carryOut: (id: string, reason: string | undefined) => Promise<void>,
  ) => {
    route(
      app,
      {
        method: 'POST',
        scope: 'operate',
        path: `${TRANSACTIONS}/:id/${name}`,
        summary,
        body: reasonBodySchema,
        status: 202,
        answer: acceptedSchema,
      },
      async ({ id, body }): Promise<Accepted> => {
        await carryOut(id, body.reason);
        return { accepted: true, transaction: id };
      },
    );
  };
  change('retry', 'Try again now instead of after the wait', (id) => controlPlane.retryTransaction(id));
  change('cancel', 'Undo it; its caller gets ECANCELED', (id, reason) =>
    controlPlane.cancelTransaction(id, reason),
  );
}
