import { ActionIcon, Menu, Tooltip, useMantineColorScheme } from '@mantine/core';
import { Check, LogOut, type LucideIcon, Monitor, Moon, Sun } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Overview } from '../../../shared/api.ts';
import { signOut } from '../api/changes.ts';
import { goToLogin } from '../api/session-end.ts';
import classes from './page-header.module.css';
import { SafeText } from './safe-text.tsx';

/** Name, mount point, colours, sign out. */
export function PageHeader({ overview }: { readonly overview: Overview | undefined }): ReactNode {
  return (
    <header className={classes['header']}>
      <img src="./favicon.svg" alt="" width={26} height={26} />
      <span className={classes['name']}>Proxyfs</span>
      {overview && (
        <span className={classes['mount']} data-testid="mount">
          <SafeText what="mount point" limitChars={60}>
            {overview.mount.point}
          </SafeText>{' '}
          <span className={classes['driver']}>
            {overview.mount.mounted ? `mounted by ${overview.mount.driver}` : 'not mounted'} ·{' '}
            {overview.version}
          </span>
        </span>
      )}
      <div className={classes['buttons']}>
        <ColorSchemeMenu />
        <Tooltip label="Sign out">
          <ActionIcon
            variant="default"
            size="lg"
            aria-label="Sign out"
            onClick={() => void signOut().catch(goToLogin)}
          >
            <LogOut size={18} aria-hidden />
          </ActionIcon>
        </Tooltip>
      </div>
    </header>
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
