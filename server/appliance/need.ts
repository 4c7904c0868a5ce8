import type { AttentionItem } from '../../shared/api.ts';

/** What needs a person, as it is now. Without `openedAt` it is open since it was first seen. */
export type Need = Omit<AttentionItem, 'openedAt'> & { readonly openedAt?: string };
