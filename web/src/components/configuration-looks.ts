import { Lock, RotateCw, Zap } from 'lucide-react';
import type { ConfigurationChange } from '../../../shared/configuration.ts';
import type { Look } from './looks.ts';

/** When a change of a key applies. */
export const APPLIES_LOOKS: Record<ConfigurationChange['applies'], Look> = {
  now: { label: 'applies now', tone: 'good', icon: Zap },
  restart: { label: 'after a restart', tone: 'warn', icon: RotateCw },
  fileOnly: { label: 'in the file alone', tone: 'idle', icon: Lock },
};
