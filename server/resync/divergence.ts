import type { DivergenceKind } from '../../shared/states.ts';
import type { AffectedPath } from '../filesystem/affected-path.ts';
import type { FileStat } from '../filesystem/file-tree.ts';
import { ROOT, type TreePath } from '../filesystem/tree-path.ts';
import { sameMtime } from './comparison.ts';

/** A path in which a mirror differs from the local tree: a finding. */
export interface Divergence {
  readonly path: TreePath;
  readonly kinds: readonly DivergenceKind[];
  /** What to repair to put it right. */
  readonly affected: AffectedPath;
  /** Every mirror that can be asked holds the same, and the local tree holds something else. */
  readonly isLocalSuspected: boolean;
}

/** What a mirror can hold at all: what it can't is no divergence. */
export interface Kept {
  readonly owners: boolean;
  readonly symlinkAttributes: boolean;
}

export interface Sides {
  readonly here: FileStat | undefined;
  readonly there: FileStat | undefined;
}

/** In what two replicas differ at `path`, as far as their stats tell. */
export function divergencesOf(path: TreePath, { here, there }: Sides, kept: Kept): DivergenceKind[] {
  if (!here) return there ? ['extra'] : [];
  if (!there) return ['missing'];
  if (here.type !== there.type) return ['type'];
  const kinds: DivergenceKind[] = [];
  if (here.type === 'file' && here.sizeBytes !== there.sizeBytes) kinds.push('size');
  // The directory that a mirror lives in may belong to its server, with attributes that the login can't set.
  if (path === ROOT && !kept.owners) return kinds;
  const isSymlink = here.type === 'symlink';
  if (!isSymlink && here.mode !== there.mode) kinds.push('mode');
  if (isSymlink && !kept.symlinkAttributes) return kinds;
  if (kept.owners && (here.uid !== there.uid || here.gid !== there.gid)) kinds.push('owner');
  if (!sameMtime(here, there)) kinds.push('mtime');
  return kinds;
}

const OF_ATTRIBUTES: ReadonlySet<DivergenceKind> = new Set<DivergenceKind>(['mode', 'owner', 'mtime']);

/** The part of the mirror to repair. A file with another mtime may have other content of the same size. */
export function affectedOf(
  path: TreePath,
  { here, there }: Sides,
  kinds: readonly DivergenceKind[],
): AffectedPath {
  if (!here || !there || here.type !== there.type) {
    const hasDirectory = here?.type === 'directory' || there?.type === 'directory';
    return { kind: hasDirectory ? 'tree' : 'entry', path };
  }
  // Linking names anew would leave them linked with whatever the mirror's file is linked with wrongly.
  if (kinds.includes('links')) return { kind: 'fresh', path };
  const mayDifferMore = here.type === 'file' && kinds.includes('mtime');
  const isAttributes = kinds.every((kind) => OF_ATTRIBUTES.has(kind)) && !mayDifferMore;
  return { kind: isAttributes ? 'attributes' : 'entry', path };
}
