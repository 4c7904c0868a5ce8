/** The named steps of a transaction, in order: where a crash or a failure makes a difference. */
export const STEPS = [
  'locked',
  'checked',
  'intent-noted',
  'mirror-applying',
  'mirror-applied',
  'all-mirrors-applied',
  'local-committed',
  'answering',
  'undoing',
  'mirror-undoing',
  'mirror-undone',
  'undone',
] as const;
export type Step = (typeof STEPS)[number];

/** Called at each step, so that a test can fail, hang or kill there; production passes none. */
export type StepHook = (
  step: Step,
  about: { readonly operation: string; readonly path: string; readonly mirror?: string },
) => Promise<void>;

export const noStepHook: StepHook = () => Promise.resolve();
