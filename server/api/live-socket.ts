import type { DefaultEventsMap, Server, Socket } from 'socket.io';
import type { ClientToServerEvents, ServerToClientEvents } from '../../shared/events.ts';

export type LiveServer = Server<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, unknown>;

/** The connection of one open page. */
export type LiveSocket = Socket<ClientToServerEvents, ServerToClientEvents, DefaultEventsMap, unknown>;

/** What is emitted while the last batch is still on its way would pile up in memory. */
export function hasRoom(socket: LiveSocket): boolean {
  return socket.conn.transport.writable;
}
