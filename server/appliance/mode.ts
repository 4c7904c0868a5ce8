import type { ApplianceMode } from '../../shared/states.ts';
import { TypedEmitter } from '../base/emitter.ts';
import { AppError } from '../base/errors.ts';
import type { MirrorSet } from './mirror-set.ts';

export interface ModeState {
  readonly mode: ApplianceMode;
  readonly reason: string;
}

/** The phases that the lifecycle sets; while `running` the mirrors decide between read-write and blocked. */
type Phase = 'starting' | 'recovering' | 'running' | 'stopping' | 'failed';

/** What the appliance is doing, in one word and one sentence. */
export class Mode {
  readonly events = new TypedEmitter<{ changed: ModeState }>();
  readonly #mirrors: MirrorSet;
  #phase: Phase = 'starting';
  #phaseReason = 'starting';
  #state: ModeState = { mode: 'starting', reason: 'starting' };
  /** Why an operator has switched writing off; undefined while it is on. */
  #writesOff: string | undefined;

  constructor(mirrors: MirrorSet, writesOff?: string) {
    this.#mirrors = mirrors;
    this.#writesOff = writesOff;
  }

  get state(): ModeState {
    return this.#state;
  }

  enter(phase: Phase, reason: string): void {
    this.#phase = phase;
    this.#phaseReason = reason;
    this.refresh();
  }

  /** What is under way still ends as it would. False where it already was so. */
  setWritesOff(reason: string | undefined): boolean {
    if ((this.#writesOff === undefined) === (reason === undefined)) return false;
    this.#writesOff = reason;
    this.refresh();
    return true;
  }

  /** To be called when a mirror changed. */
  refresh(): void {
    const next =
      this.#phase === 'running' ? this.#running() : { mode: this.#phase, reason: this.#phaseReason };
    if (next.mode === this.#state.mode && next.reason === this.#state.reason) return;
    this.#state = next;
    this.events.emit('changed', next);
  }

  /** Throws while no change may begin. A missing mirror is found out by the transaction itself, which may bring it back. */
  admit(): void {
    if (this.#phase === 'running' && this.#writesOff !== undefined)
      throw new AppError('READ_ONLY', `writing is switched off: ${this.#writesOff}`);
    if (this.#phase === 'running') return;
    if (this.#phase === 'failed') throw new AppError('COMMIT_FAILED', this.#phaseReason);
    throw new AppError('SHUTTING_DOWN', `the appliance is ${this.#phase}`);
  }

  #running(): ModeState {
    if (this.#writesOff !== undefined)
      return { mode: 'read-only', reason: `writing is switched off: ${this.#writesOff}` };
    const missing = this.#mirrors.all.filter((mirror) => mirror.required && !mirror.inSync);
    if (missing.length === 0)
      return { mode: 'read-write', reason: 'every required mirror is up and in sync' };
    const names = missing.map((mirror) => mirror.name).join(', ');
    return { mode: 'blocked', reason: `waiting for ${names} to be up and in sync` };
  }
}
