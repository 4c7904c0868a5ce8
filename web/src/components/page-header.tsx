import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { Check, LogOut, type LucideIcon, Monitor, Moon, Sun } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { Overview } from '../../../shared/api.ts';
import { signOut } from '../api/changes.ts';
import { changesRefusedBecause } from '../api/connection.ts';
import { useConnection } from '../api/feed-context.ts';
import { Chip } from './chip.tsx';
import { MODE_LOOKS } from './looks.ts';
import classes from './page-header.module.css';
import { SafeText } from './safe-text.tsx';

/** Name, mount point, colours, sign out. */
export function PageHeader({ overview }: { readonly overview: Overview | undefined }): ReactNode {
  return (
    <header className={classes['header']}>
      <img src="./favicon.svg" alt="" width={26} height={26} />
      <span className={classes['name']}>Proxyfs</span>
      {overview && <Chip look={MODE_LOOKS[overview.mode]} />}
      {overview && (
        <span className={classes['mount']} data-testid="mount">
          <SafeText what="mount point" limitChars={60}>
            {overview.mount.point}
          </SafeText>{' '}
          <span className={classes['driver']} title={overview.mount.driverReason}>
            {overview.mount.mounted ? `mounted by ${overview.mount.driver}` : 'not mounted'} ·{' '}
            {overview.version}
          </span>
        </span>
      )}
      <div className={classes['buttons']}>
        <ColorSchemeMenu />
        <SignOutButton />
      </div>
    </header>
  );
}

const EVENTS = { hover: true, focus: true, touch: true };

function SignOutButton(): ReactNode {
  const refusal = changesRefusedBecause(useConnection());
  const [failed, setFailed] = useState(false);
  const press = () => {
    if (refusal === undefined) signOut().catch(() => setFailed(true));
  };
  const label = failed ? 'Signing out failed: try again' : 'Sign out';
  return (
    <Tooltip label={refusal ?? label} events={EVENTS}>
      <ActionIcon
        variant="default"
        size="lg"
        aria-label={label}
        aria-disabled={refusal !== undefined}
        data-disabled={refusal !== undefined || undefined}
        onClick={press}
      >
        <LogOut size={18} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

type Scheme = 'light' | 'dark' | 'auto';
const SCHEMES: Record<Scheme, { readonly label: string; readonly icon: LucideIcon }> = {
  light: { label: 'Light', icon: Sun },
  dark: { label: 'Dark', icon: Moon },
  auto: { label: 'As the system', icon: Monitor },
};

function ColorSchemeMenu(): ReactNode {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const Current = SCHEMES[colorScheme].icon;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={`Colours: ${SCHEMES[colorScheme].label}`}>
          <Current size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {(Object.keys(SCHEMES) as Scheme[]).map((scheme) => {
          const { label, icon: Icon } = SCHEMES[scheme];
          return (
            <Menu.Item
              key={scheme}
              leftSection={<Icon size={16} aria-hidden />}
              rightSection={scheme === colorScheme ? <Check size={16} aria-label="chosen" /> : undefined}
              onClick={() => setColorScheme(scheme)}
            >
              {label}
            </Menu.Item>
          );
        })}
      </Menu.Dropdown>
    </Menu>
  );
}
