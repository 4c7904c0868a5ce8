import { AppError, hasCode } from '../base/errors.ts';

declare const brand: unique symbol;
/** A path inside a replica: `/` or `/a/b`, normalised, valid UTF-8, never naming the reserved directory. */
export type TreePath = string & { readonly [brand]: 'TreePath' };

/** The directory at the root of every replica that belongs to Proxyfs and is hidden from the mount. */
export const RESERVED_NAME = '.proxyfs';
/** In the reserved directory of every replica: which set it belongs to. */
export const IDENTITY_FILE = 'replica.json';
export const ROOT = '/' as TreePath;

/** NAME_MAX of Linux (limits.h), in bytes. */
const NAME_MAX = 255;
/** PATH_MAX of Linux (limits.h) without its closing NUL, in bytes. */
export const PATH_MAX = 4095;

/**
 * Checks what a driver or a server names. Throws INVALID_ARGUMENT, NAME_TOO_LONG, NAME_NOT_UTF8 or, for the
 * reserved directory, NOT_PERMITTED.
 */
export function treePath(text: string): TreePath {
  if (!text.startsWith('/') || (text.length > 1 && text.endsWith('/'))) throw invalid(text);
  if (text === '/') return ROOT;
  const names = text.slice(1).split('/');
  for (const name of names) checkName(name);
  if (names[0] === RESERVED_NAME) throw new AppError('NOT_PERMITTED', `${RESERVED_NAME} belongs to Proxyfs`);
  if (Buffer.byteLength(text) > PATH_MAX) throw new AppError('NAME_TOO_LONG');
  return text as TreePath;
}

export function childOf(directory: TreePath, name: string): TreePath {
  if (name === '' || name.includes('/')) throw invalid(name);
  return treePath(directory === ROOT ? `/${name}` : `${directory}/${name}`);
}

/** The same; undefined for what no path can name: the mount doesn't show it, and no mirror has it. */
export function nameableChild(directory: TreePath, name: string): TreePath | undefined {
  try {
    return childOf(directory, name);
  } catch (error) {
    if (hasCode(error, 'NAME_NOT_UTF8', 'NAME_TOO_LONG', 'INVALID_ARGUMENT')) return undefined;
    throw error;
  }
}

/** The directory that holds `path`; the root's is the root. */
export function parentOf(path: TreePath): TreePath {
  const slash = path.lastIndexOf('/');
  return (slash <= 0 ? ROOT : path.slice(0, slash)) as TreePath;
}

export function nameOf(path: TreePath): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether `path` is `directory` or lies below it. */
export function isWithin(path: TreePath, directory: TreePath): boolean {
  return path === directory || directory === ROOT || path.startsWith(`${directory}/`);
}

/** Where `path` is after its ancestor `from` has become `to`. */
export function movedPath(path: TreePath, from: TreePath, to: TreePath): TreePath {
  return (path === from ? to : to + path.slice(from.length)) as TreePath;
}

function checkName(name: string): void {
  if (name === '' || name === '.' || name === '..' || name.includes('\0')) throw invalid(name);
  // Undecodable bytes arrive as U+FFFD; passing them on would create another name than was asked for.
  if (name.includes('\ufffd') || !name.isWellFormed()) throw new AppError('NAME_NOT_UTF8');
  if (Buffer.byteLength(name) > NAME_MAX) throw new AppError('NAME_TOO_LONG');
}

function invalid(text: string): AppError {
  return new AppError('INVALID_ARGUMENT', `not a path inside the tree: ${JSON.stringify(text)}`);
}
