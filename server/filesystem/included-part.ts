import { AppError, hasCode } from '../base/errors.ts';
import type { Excludes } from './excludes.ts';
import type { ApplyOptions, FileTree } from './file-tree.ts';
import type { LocalTree } from './local-tree.ts';
import type { Operation } from './operation.ts';
import { ROOT, type TreePath } from './tree-path.ts';

/**
 * The part of a replica that mirrors share with the local tree: whoever reads here finds nothing where something excluded
 * is, so that comparing and repairing need not know of it. Changes go through as they are.
 */
export function includedPart<Tree extends FileTree>(tree: Tree, excludes: Excludes): Tree {
  if (excludes.isEmpty) return tree;
  return over<Tree>(tree, readings(tree, excludes) as Partial<Tree>);
}

/** The same of the local tree, which can tell more. */
export function includedLocalPart(local: LocalTree, excludes: Excludes): LocalTree {
  if (excludes.isEmpty) return local;
  const visible = (path: TreePath) => !excludes.has(path, local.statNow(path)?.type === 'directory');
  return over<LocalTree>(local, {
    ...(readings(local, excludes) as Partial<LocalTree>),
    lstat: async (path) => {
      if (visible(path)) return local.lstat(path);
      throw new AppError('NOT_FOUND');
    },
    statNow: (path) => (visible(path) ? local.statNow(path) : undefined),
    inodeOf: async (path) => (visible(path) ? local.inodeOf(path) : undefined),
    async *namesOf(inode, device) {
      for await (const name of local.namesOf(inode, device)) if (!excludes.has(name, false)) yield name;
    },
    walkHardLinks: async () => {
      const groups = [...(await local.walkHardLinks())];
      const included = (names: TreePath[]) => names.filter((name) => !excludes.has(name, false));
      return new Map(groups.map(([inode, names]) => [inode, included(names)]));
    },
  });
}

function readings(tree: FileTree, excludes: Excludes): Pick<FileTree, 'apply' | 'stat' | 'list'> {
  return {
    async apply(operation: Operation, options?: ApplyOptions): Promise<void> {
      try {
        await tree.apply(operation, options);
      } catch (error) {
        if (!hasCode(error, 'NOT_EMPTY')) throw error;
        const at = 'to' in operation ? operation.to : operation.path;
        const why = 'is not empty there; what is excluded is never removed from a mirror';
        throw new AppError('NOT_EMPTY', `${at} ${why}`, { cause: error });
      }
    },
    async stat(path: TreePath) {
      const stat = await tree.stat(path);
      return stat && excludes.has(path, stat.type === 'directory') ? undefined : stat;
    },
    async *list(directory: TreePath) {
      const above = directory === ROOT ? ROOT : `${directory}/`;
      for await (const page of tree.list(directory)) {
        yield page.filter(
          ({ name, stat }) => !excludes.has(`${above}${name}` as TreePath, stat.type === 'directory'),
        );
      }
    },
  };
}

/** The object itself but for these methods. */
function over<Whole extends object>(whole: Whole, methods: Partial<Whole>): Whole {
  return new Proxy(whole, {
    get(target, key) {
      if (Object.hasOwn(methods, key)) return methods[key as keyof Whole];
      const own: unknown = Reflect.get(target, key, target);
      return typeof own === 'function' ? (own.bind(target) as unknown) : own;
    },
  });
}
