/**
 * The types of the control plane's REST and events, for programs that use it: `import type { Overview } from 'proxyfs/rest'`.
 * The document at `/api/openapi.json` says which of them each call takes and answers.
 */
export type * from './access.ts';
export type * from './api.ts';
export type { ErrorCode } from './error-codes.ts';
export type * from './events.ts';
export type * from './jobs.ts';
export type * from './mirror-metrics.ts';
export type * from './requests.ts';
export type * from './states.ts';
export type * from './webhooks.ts';
