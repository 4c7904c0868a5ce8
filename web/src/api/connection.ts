/** Whether live events arrive. `cause` is what the socket said; escape it. */
export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  | { readonly state: 'lost'; readonly sinceMs: number; readonly cause: string };

/** Why nothing can be changed just now, or undefined when it can. */
export function changesRefusedBecause(connection: Connection): string | undefined {
  return REFUSALS[connection.state];
}

const REFUSALS: Record<Connection['state'], string | undefined> = {
  connecting: 'Not connected to the server yet',
  live: undefined,
  lost: 'The connection to the server is lost',
};
