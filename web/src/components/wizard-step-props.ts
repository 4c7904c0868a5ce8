import type { MirrorTrial } from '../../../shared/api.ts';
import type { MirrorDraft } from '../api/new-mirror.ts';

/** What each step gets, and how it goes on. */
export interface WizardStepProps {
  readonly draft: MirrorDraft;
  readonly change: (change: Partial<MirrorDraft>) => void;
  /** What the last trial said. */
  readonly trial: MirrorTrial | undefined;
  /** To the next step, with what was tried. */
  readonly next: (trial?: MirrorTrial) => void;
  readonly back: () => void;
}
