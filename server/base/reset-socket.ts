import type { Socket } from 'node:net';

/**
 * Ends a connection by a TCP reset and nothing else: what was not sent yet is never sent. `resetAndDestroy` first
 * sends what is pending and an orderly end, which a peer that doesn't read holds up for ever; this flag of
 * Node's is what it sets as well.
 */
export function resetSocket(socket: Socket): void {
  if (socket.destroyed) return;
  Object.assign(socket, { resetAndClosing: !socket.connecting });
  socket.destroy();
}
