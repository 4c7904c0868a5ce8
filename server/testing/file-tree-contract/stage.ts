import { afterAll, beforeAll, beforeEach, expect } from 'vitest';
import { chown, lstat, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ErrorCode } from '../../../shared/error-codes.ts';
import { AppError } from '../../base/errors.ts';
import type { ApplyOptions, FileSource, FileStat, FileTree } from '../../filesystem/file-tree.ts';
import type { Operation } from '../../filesystem/operation.ts';
import { treePath, type TreePath } from '../../filesystem/tree-path.ts';

export interface ContractTree {
  readonly tree: FileTree;
  /** The same directory on this machine, for looking behind the tree's back. */
  readonly root: string;
  /** Whether the tree may give files away to any owner; by default what the owner of `root` may do here. */
  readonly owners?: boolean;
  /** Whether it can hash content and tell files apart without carrying content; by default yes. */
  readonly tells?: boolean;
  stop(): Promise<void>;
}

/** What one test stands on: a tree, and an empty directory of its own inside. */
export interface Stage {
  readonly tree: FileTree;
  readonly root: string;
  readonly owners: boolean;
  readonly tells: boolean;
  /** This test's directory. */
  directory(): TreePath;
  /** The path of `name` in this test's directory. */
  at(name: string): TreePath;
  /** The same entry on this machine. */
  real(name: string): string;
  /** Puts a file there behind the tree's back. */
  plant(name: string, content?: string | Buffer): Promise<void>;
  /** Puts a directory there behind the tree's back. */
  plantDirectory(name: string): Promise<void>;
  apply(operation: Operation, options?: ApplyOptions): Promise<void>;
}

/** Starts one tree for the enclosing suite, and a fresh directory inside it for each test. */
export function useStage(make: () => Promise<ContractTree>): Stage {
  const stage = new RunningStage();
  beforeAll(async () => stage.start(await make()));
  beforeEach(() => stage.nextDirectory());
  afterAll(() => stage.stop());
  return stage;
}

class RunningStage implements Stage {
  #made: ContractTree | undefined;
  #owner = { uid: 0, gid: 0 };
  #count = 0;

  async start(made: ContractTree): Promise<void> {
    this.#made = made;
    this.#owner = await lstat(made.root);
  }

  async stop(): Promise<void> {
    await this.#made?.stop();
  }

  async nextDirectory(): Promise<void> {
    this.#count++;
    await mkdir(this.#realDirectory());
    await chown(this.#realDirectory(), this.#owner.uid, this.#owner.gid);
  }

  get tree(): FileTree {
    return this.#running().tree;
  }

  get root(): string {
    return this.#running().root;
  }

  get owners(): boolean {
    return this.#running().owners ?? (process.getuid?.() === 0 && this.#owner.uid === 0);
  }

  get tells(): boolean {
    return this.#running().tells ?? true;
  }

  directory(): TreePath {
    return treePath(`/case-${this.#count}`);
  }

  at(name: string): TreePath {
    return treePath(`/case-${this.#count}/${name}`);
  }

  real(name: string): string {
    return join(this.#realDirectory(), name);
  }

  async plant(name: string, content: string | Buffer = ''): Promise<void> {
    await writeFile(this.real(name), content);
    await chown(this.real(name), this.#owner.uid, this.#owner.gid);
  }

  async plantDirectory(name: string): Promise<void> {
    await mkdir(this.real(name));
    await chown(this.real(name), this.#owner.uid, this.#owner.gid);
  }

  apply(operation: Operation, options?: ApplyOptions): Promise<void> {
    return this.tree.apply(operation, options);
  }

  #realDirectory(): string {
    return join(this.root, `case-${this.#count}`);
  }

  #running(): ContractTree {
    if (!this.#made) throw new Error('the tree under test has not been started');
    return this.#made;
  }
}

/** Expects a definite refusal: the file system's code, or on a mirror that it holds something else. */
export async function expectRefused(work: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  await expectCode(work, ...codes, 'MIRROR_DIVERGED');
}

/** Expects a rejection with one of these codes. */
export async function expectCode(work: Promise<unknown>, ...codes: ErrorCode[]): Promise<void> {
  const outcome = await work.then(
    () => 'resolved',
    (error: unknown) => (error instanceof AppError ? error.code : `not an AppError: ${String(error)}`),
  );
  expect(codes).toContain(outcome);
}

/** Permission bits of what stands there. */
export async function modeOf(path: string): Promise<number> {
  return (await lstat(path)).mode & 0o7777;
}

export async function listedNames(tree: FileTree, path: TreePath): Promise<string[]> {
  const names: string[] = [];
  for await (const page of tree.list(path)) names.push(...page.map((entry) => entry.name));
  return names.sort();
}

export async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => undefined)) !== undefined;
}

/** Bytes that repeat nowhere near, so that a misplaced piece shows. */
export function patterned(sizeBytes: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let state = seed >>> 0 || 1;
  for (let index = 0; index < sizeBytes; index++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[index] = state >>> 24;
  }
  return bytes;
}

/** A source for replaceFile that hands its content out in uneven pieces. */
export function sourceOf(content: Buffer, attributes: Partial<FileStat> = {}): FileSource {
  const stat: FileStat = {
    type: 'file',
    mode: 0o640,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    sizeBytes: content.length,
    mtimeNs: 1_600_000_000_000_000_000n,
    atimeNs: 1_600_000_100_000_000_000n,
    ...attributes,
  };
  return { stat, content: pieces(content) };
}

async function* pieces(content: Buffer): AsyncGenerator<Buffer> {
  const sizes = [1, 4095, 65_536, 300_001];
  for (let offset = 0, turn = 0; offset < content.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield content.subarray(offset, offset + size);
    offset += size;
  }
}
