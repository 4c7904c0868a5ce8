import { Cancellation } from '../../base/cancellation.ts';
import type { AppError } from '../../base/errors.ts';
import type { Caller } from '../driver.ts';
import type { Answer } from './answer.ts';
import type { Body } from './protocol/body.ts';
import type { RequestHeader } from './protocol/message.ts';

/** One request under way. */
export class Call {
  readonly header: RequestHeader;
  readonly caller: Caller;

  constructor(header: RequestHeader) {
    const { uid, gid, pid } = header;
    this.header = header;
    this.caller = { uid, gid, pid, cancellation: new Cancellation() };
  }

  interrupt(reason: AppError): void {
    this.caller.cancellation.cancel(reason);
  }
}

/** Carries a request out; its arguments were taken from the message before. */
export type Run = (call: Call) => Promise<Answer>;

/** Takes a request apart at once, since its memory is used again for the next one. */
export type Route = (body: Body) => Run;

/** Joins how a request is taken apart with what it does. */
export function route<Args>(
  decode: (body: Body) => Args,
  run: (args: Args, call: Call) => Promise<Answer>,
): Route {
  return (body) => {
    const args = decode(body);
    return (call) => run(args, call);
  };
}
