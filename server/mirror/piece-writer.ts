import type { SftpSession } from './sftp-session.ts';

/** Writes into one handle in pieces that are under way together, within the session's bound. */
export class PieceWriter {
  readonly #session: SftpSession;
  readonly #handle: Buffer;
  readonly #underWay = new Set<Promise<void>>();
  #failure: { readonly thrown: unknown } | undefined;

  constructor(session: SftpSession, handle: Buffer) {
    this.#session = session;
    this.#handle = handle;
  }

  /** Resolves when all pieces have left, and `data` may be changed again; throws what an earlier one met. */
  async send(data: Buffer, offset: number): Promise<void> {
    const pieceBytes = this.#session.writePieceBytes;
    for (let start = 0; start < data.length; start += pieceBytes) {
      const piece = data.subarray(start, start + pieceBytes);
      // Awaited only where there is no permit at once, so that pieces leave in one go.
      const permit = this.#session.bytes.take(piece.length);
      if (permit) await permit;
      if (this.#failure) {
        this.#session.bytes.give(piece.length);
        break;
      }
      this.#sendPiece(piece, offset + start);
    }
    if (this.#failure) await this.finish();
  }

  /** Resolves when every piece has been taken; throws the first refusal after all are answered. */
  async finish(): Promise<void> {
    await Promise.all(this.#underWay);
    if (this.#failure) throw this.#failure.thrown;
  }

  #sendPiece(piece: Buffer, offset: number): void {
    const sentAtMs = performance.now();
    const sent = this.#session
      .write(this.#handle, piece, offset)
      .catch((thrown: unknown) => {
        this.#failure ??= { thrown };
      })
      .finally(() => {
        this.#underWay.delete(sent);
        this.#session.bytes.give(piece.length, performance.now() - sentAtMs);
      });
    this.#underWay.add(sent);
  }
}
