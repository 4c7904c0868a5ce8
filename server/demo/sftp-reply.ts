import type { OpenHandles } from './open-handles.ts';
import type { ServedDirectory } from './served-directory.ts';
import { messageOf, STATUS } from './sftp-status.ts';
import {
  bytesField,
  type ByteText,
  byteText,
  PACKET,
  type PacketReader,
  textField,
  uint32Field,
} from './sftp-wire.ts';

/** A reply without the id of its request. */
export interface Reply {
  readonly type: number;
  readonly fields: readonly Buffer[];
}

/** A request whose fields are read and which is yet to be carried out. */
export interface PreparedRequest {
  readonly path?: ByteText;
  run(): Promise<Reply>;
}

export interface RequestContext {
  readonly served: ServedDirectory;
  readonly handles: OpenHandles;
  /** Whether SYMLINK carries the target first, as OpenSSH does against the draft. */
  readonly symlinkTargetFirst: boolean;
}

export type Prepare = (fields: PacketReader, context: RequestContext) => PreparedRequest;

export function statusReply(status: number): Reply {
  const message = byteText(messageOf(status));
  return { type: PACKET.status, fields: [uint32Field(status), textField(message), textField('')] };
}

export function okReply(): Reply {
  return statusReply(STATUS.ok);
}

export function handleReply(handle: Buffer): Reply {
  return { type: PACKET.handle, fields: [bytesField(handle)] };
}

export function nameReply(names: readonly Buffer[]): Reply {
  return { type: PACKET.name, fields: [uint32Field(names.length), ...names] };
}
