import { Link, useLocation } from '@tanstack/react-router';
import {
  ArrowLeftRight,
  Cpu,
  Gauge,
  KeyRound,
  ListChecks,
  ScrollText,
  Server,
  Settings,
  UserCheck,
} from 'lucide-react';
import { type ReactNode, useEffect, useRef } from 'react';
import classes from './page-navigation.module.css';

const PAGES = [
  { to: '/', label: 'Overview', icon: Gauge },
  { to: '/mirrors', label: 'Mirrors', icon: Server },
  { to: '/transactions', label: 'Transactions', icon: ArrowLeftRight },
  { to: '/jobs', label: 'Jobs', icon: ListChecks },
  { to: '/config', label: 'Configuration', icon: Settings },
  { to: '/log', label: 'Log', icon: ScrollText },
  { to: '/audit', label: 'Audit', icon: UserCheck },
  { to: '/access', label: 'Access', icon: KeyRound },
  { to: '/system', label: 'System', icon: Cpu },
] as const;

/** The way to each page. `attention` is how many things wait for a person on the first. */
export function PageNavigation({ attention }: { readonly attention: number }): ReactNode {
  const { pathname } = useLocation();
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    // On a phone the list is wider than the screen.
    const current = list.current?.querySelector('[aria-current]');
    current?.scrollIntoView({ inline: 'center', block: 'nearest' });
  }, [pathname]);
  return (
    <nav aria-label="Pages" className={classes['navigation']}>
      <ul ref={list} className={classes['list']}>
        {PAGES.map(({ to, label, icon: Icon }) => (
          <li key={to}>
            <Link to={to} activeOptions={{ exact: to === '/' }} className={classes['link']}>
              <Icon size={16} aria-hidden />
              <span>{label}</span>
              {to === '/' && attention > 0 && (
                <span className={classes['count']} title="Things that need attention">
                  {attention}
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
