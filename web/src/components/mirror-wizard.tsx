import { type ReactNode, useState } from 'react';
import type { MirrorTrial } from '../../../shared/api.ts';
import { EMPTY_DRAFT } from '../api/new-mirror.ts';
import { WizardAddress } from './wizard-address.tsx';
import { WizardFinish } from './wizard-finish.tsx';
import { WizardHostKey } from './wizard-host-key.tsx';
import { WizardLogin } from './wizard-login.tsx';
import type { WizardStepProps } from './wizard-step-props.ts';
import classes from './mirror-wizard.module.css';

const STEPS = ['Address', 'Host key', 'Login and directory', 'Add it'] as const;

/** Adds a mirror step by step, each tried on the real server before the next. */
export function MirrorWizard(): ReactNode {
  const [step, setStep] = useState(0);
  const [draft, setDraft] = useState(EMPTY_DRAFT);
  const [trial, setTrial] = useState<MirrorTrial>();
  const props: WizardStepProps = {
    draft,
    trial,
    change: (change) => setDraft((before) => ({ ...before, ...change })),
    next: (tried) => {
      if (tried) setTrial(tried);
      setStep(step + 1);
    },
    back: () => setStep(step - 1),
  };
  return (
    <>
      <ol className={classes['steps']}>
        {STEPS.map((name, index) => (
          <li
            key={name}
            aria-current={index === step ? 'step' : undefined}
            data-done={index < step || undefined}
          >
            {name}
          </li>
        ))}
      </ol>
      <div className={classes['step']} data-testid="wizard-step">
        {step === 0 && <WizardAddress {...props} />}
        {step === 1 && <WizardHostKey {...props} />}
        {step === 2 && <WizardLogin {...props} />}
        {step === 3 && <WizardFinish {...props} />}
      </div>
    </>
  );
}
