import { existsSync, readFileSync } from 'node:fs';
import { leaseTimes } from '../appliance/lease.ts';
import { AppError } from '../base/errors.ts';
import type { Step, StepHook } from '../transaction/step.ts';

/** Where the real command is to fail, as PROXYFS_TEST_STEP carries it in JSON. */
export interface StepFault {
  readonly step: Step;
  readonly operation?: string;
  readonly mirror?: string;
  /** Of the operation, exactly. */
  readonly path?: string;
  /** So many matching steps pass first. */
  readonly after?: number;
  readonly action: 'kill' | 'fail' | 'hang';
}

/** The hook that does what a fault says, once. */
export function stepHookOf(fault: StepFault): StepHook {
  let passing = fault.after ?? 0;
  let done = false;
  return (step, about) => {
    const here =
      step === fault.step &&
      (fault.operation ?? about.operation) === about.operation &&
      (fault.mirror ?? about.mirror) === about.mirror &&
      (fault.path ?? about.path) === about.path;
    if (!here || done || passing-- > 0) return Promise.resolve();
    done = true;
    // Nothing may run after this point: SIGKILL to ourselves is delivered before kill(2) returns.
    if (fault.action === 'kill') process.kill(process.pid, 'SIGKILL');
    if (fault.action === 'hang') return new Promise(() => {});
    return Promise.reject(new AppError('INPUT_OUTPUT', `injected at ${step}`));
  };
}

/** The same for faults that come while it runs: whatever the file says at each step. */
function stepHookFrom(file: string): StepHook {
  return (step, about) => {
    const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
    return text === '' ? Promise.resolve() : stepHookOf(JSON.parse(text) as StepFault)(step, about);
  };
}

if (process.env['PROXYFS_TEST_MAIN'] !== undefined) {
  const { runCommandLine } = await import('../cli/command-line.ts');
  const fault = process.env['PROXYFS_TEST_STEP'];
  const file = process.env['PROXYFS_TEST_STEP_FILE'];
  const renewMs = process.env['PROXYFS_TEST_RENEW_MS'];
  const hooks = {
    ...(renewMs !== undefined && { leaseTimes: leaseTimes(Number(renewMs)) }),
    ...(fault !== undefined && { step: stepHookOf(JSON.parse(fault) as StepFault) }),
    ...(file !== undefined && { step: stepHookFrom(file) }),
  };
  process.exitCode = await runCommandLine(process.argv, hooks);
}
