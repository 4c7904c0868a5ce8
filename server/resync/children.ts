import { AppError, hasCode } from '../base/errors.ts';
import type { FileStat, FileTree } from '../filesystem/file-tree.ts';
import { childOf, type TreePath } from '../filesystem/tree-path.ts';

export interface Child {
  readonly name: string;
  readonly path: TreePath;
  readonly stat: FileStat;
}

/** The entries of a directory, one by one. A name that can't be spoken of in UTF-8 is refused (NAME_NOT_UTF8). */
export async function* childrenOf(tree: FileTree, directory: TreePath): AsyncGenerator<Child> {
  for await (const page of tree.list(directory)) {
    for (const { name, stat } of page) {
      try {
        yield { name, path: childOf(directory, name), stat };
      } catch (error) {
        if (!hasCode(error, 'NAME_NOT_UTF8', 'NAME_TOO_LONG', 'INVALID_ARGUMENT')) throw error;
        throw new AppError(error.code, `${directory} holds a name that can't be mirrored`, { cause: error });
      }
    }
  }
}

/** ext4's own folder at the top of a disk that a mirror has to itself: nobody's content, never removed. */
export function isFileSystemFolder(child: Child): boolean {
  return child.path === '/lost+found' && child.stat.type === 'directory';
}
