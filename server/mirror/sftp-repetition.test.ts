import { link, lstat, mkdir, readdir, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../base/errors.ts';
import type { ApplyOptions } from '../filesystem/file-tree.ts';
import type { Operation } from '../filesystem/operation.ts';
import { type TreePath, treePath } from '../filesystem/tree-path.ts';
import { ScriptedSftp } from '../testing/scripted-sftp.ts';
import type { SftpTree } from './sftp-tree.ts';
import { openTree } from './testing.ts';

/** Short where an answer is dropped, and long where its coming too late would be mistaken for that. */
const SHORT_MS = 250;
const LONG_MS = 10_000;

/** One way to change a tree, what must be there before, and what must hold after it came through. */
interface Case {
  readonly before: (directory: string) => Promise<unknown>;
  readonly operation: (at: (name: string) => TreePath) => Operation;
  readonly options?: ApplyOptions;
  /** Where it may lead and be repeated: the names there afterwards. */
  readonly names: readonly string[];
  readonly check?: (directory: string) => Promise<void>;
}

const content = (name: string, text: string) => async (directory: string) =>
  expect(await readFile(join(directory, name), 'utf8')).toBe(text);
const file =
  (name: string, text = 'content') =>
  (directory: string) =>
    writeFile(join(directory, name), text);
const both =
  (...steps: ((directory: string) => Promise<unknown>)[]) =>
  async (directory: string) => {
    for (const step of steps) await step(directory);
  };
const mode = (name: string, expected: number) => async (directory: string) =>
  expect((await lstat(join(directory, name))).mode & 0o7777).toBe(expected);

const CASES: Record<string, Case> = {
  create: {
    before: () => Promise.resolve(),
    operation: (at) => ({ kind: 'create', path: at('new'), mode: 0o4751 }),
    names: ['new'],
    check: both(mode('new', 0o4751), content('new', '')),
  },
  mkdir: {
    before: () => Promise.resolve(),
    operation: (at) => ({ kind: 'mkdir', path: at('new'), mode: 0o1777 }),
    names: ['new'],
    check: mode('new', 0o1777),
  },
  symlink: {
    before: () => Promise.resolve(),
    operation: (at) => ({ kind: 'symlink', path: at('new'), target: 'some/where' }),
    names: ['new'],
    check: async (directory) => expect(await readlink(join(directory, 'new'))).toBe('some/where'),
  },
  write: {
    before: file('file'),
    operation: (at) => ({ kind: 'write', path: at('file'), offset: 3, data: Buffer.from('TENT!') }),
    names: ['file'],
    check: content('file', 'conTENT!'),
  },
  truncate: {
    before: file('file'),
    operation: (at) => ({ kind: 'truncate', path: at('file'), sizeBytes: 3 }),
    names: ['file'],
    check: content('file', 'con'),
  },
  fsync: {
    before: file('file'),
    operation: (at) => ({ kind: 'fsync', path: at('file'), dataOnly: false }),
    names: ['file'],
    check: content('file', 'content'),
  },
  unlink: {
    before: file('file'),
    operation: (at) => ({ kind: 'unlink', path: at('file') }),
    names: [],
  },
  'unlink with a pre-image': {
    before: file('file'),
    operation: (at) => ({ kind: 'unlink', path: at('file') }),
    options: { preImage: 'kept' },
    names: [],
  },
  rmdir: {
    before: (directory) => mkdir(join(directory, 'gone')),
    operation: (at) => ({ kind: 'rmdir', path: at('gone') }),
    names: [],
  },
  rename: {
    before: both(file('from', 'new'), file('to', 'old')),
    operation: (at) => ({ kind: 'rename', path: at('from'), to: at('to') }),
    names: ['to'],
    check: content('to', 'new'),
  },
  'rename with a pre-image': {
    before: both(file('from', 'new'), file('to', 'old')),
    operation: (at) => ({ kind: 'rename', path: at('from'), to: at('to') }),
    options: { preImage: 'kept' },
    names: ['to'],
    check: content('to', 'new'),
  },
  link: {
    before: file('first'),
    operation: (at) => ({ kind: 'link', path: at('first'), to: at('second') }),
    names: ['first', 'second'],
    check: async (directory) => expect((await lstat(join(directory, 'first'))).nlink).toBe(2),
  },
  chmod: {
    before: file('file'),
    operation: (at) => ({ kind: 'chmod', path: at('file'), mode: 0o2711 }),
    names: ['file'],
    check: mode('file', 0o2711),
  },
  times: {
    before: file('file'),
    operation: (at) => ({ kind: 'times', path: at('file'), atimeNs: 0n, mtimeNs: 7_999_999_999n }),
    names: ['file'],
    check: async (directory) => expect((await lstat(join(directory, 'file'))).mtimeMs).toBe(7000),
  },
};

let server: ScriptedSftp;
beforeAll(async () => {
  server = new ScriptedSftp();
  await server.start();
});
afterAll(() => server.stop());

let count = 0;
async function place(): Promise<{ directory: string; at: (name: string) => TreePath }> {
  const name = `case-${++count}`;
  const directory = join(server.root, name);
  await mkdir(directory);
  return { directory, at: (below) => treePath(`/${name}/${below}`) };
}

async function withTree<T>(work: (tree: SftpTree) => Promise<T>, timeoutMs = 5000): Promise<T> {
  const opened = await openTree(server.mirrorConfiguration('scripted', { owner: 'ignore' }), timeoutMs);
  await opened.replica.reserved.make();
  try {
    return await work(opened.tree);
  } finally {
    opened.close();
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

describe.each(Object.entries(CASES))('%s', (_name, { before, operation, options = {}, names, check }) => {
  test.each([
    ['carried out but never answered', 'drop-reply', 'MIRROR_TIMEOUT'],
    ['carried out before the connection broke', 'serve-then-disconnect', 'MIRROR_UNREACHABLE'],
    ['lost with the connection', 'disconnect', 'MIRROR_UNREACHABLE'],
  ] as const)('comes through on the second attempt with any request %s', async (_how, action, code) => {
    for (let k = 1; ; k++) {
      const { directory, at } = await place();
      await before(directory);
      const wanted = operation(at);
      const wasHit = await withTree(
        async (tree) => {
          const rule = server.script({ action, at: k });
          const outcome = await codeOf(tree.apply(wanted, options));
          rule.cancel();
          // On a busy machine a short deadline may pass by itself.
          if (action !== 'drop-reply') expect([k, outcome]).toEqual([k, rule.applied > 0 ? code : 'done']);
          else if (rule.applied > 0 || outcome !== 'done') expect([k, outcome]).toEqual([k, code]);
          return outcome !== 'done';
        },
        action === 'drop-reply' ? SHORT_MS : LONG_MS,
      );
      if (wasHit) await withTree((tree) => tree.apply(wanted, { ...options, repeated: true }));
      expect((await readdir(directory)).toSorted()).toEqual(names);
      await check?.(directory);
      await withTree((tree) => tree.dropLeftovers());
      if (!wasHit) return;
    }
  });

  test('is undone by its pre-image, or knows that there is none, after any lost answer', async () => {
    if (options.preImage === undefined) return;
    const kept = options.preImage;
    for (let k = 1; ; k++) {
      const { directory, at } = await place();
      await before(directory);
      const wanted = operation(at);
      const target = 'to' in wanted ? wanted.to : wanted.path;
      const name = target.slice(target.lastIndexOf('/') + 1);
      const old = await readFile(join(directory, name), 'utf8');
      const wasHit = await withTree(async (tree) => {
        const rule = server.script({ action: 'serve-then-disconnect', at: k });
        await codeOf(tree.apply(wanted, options));
        rule.cancel();
        return rule.applied > 0;
      }, LONG_MS);
      await withTree(async (tree) => {
        const wasKept = await tree.restorePreImage(kept, target);
        // Either it was kept, or the operation had not got as far as to replace anything.
        expect([k, wasKept, await readFile(join(directory, name), 'utf8')]).toEqual([k, wasKept, old]);
        await tree.dropLeftovers();
      });
      if (!wasHit) return;
    }
  });
});

describe('repair', () => {
  test.each(['drop-reply', 'serve-then-disconnect'] as const)(
    'leaves the old or the new file, whole, whichever answer is lost (%s)',
    async (action) => {
      const text = 'new content';
      for (let k = 1; ; k++) {
        const { directory, at } = await place();
        await file('file', 'old')(directory);
        const source = () => ({ stat: statOf(text.length), content: once(Buffer.from(text)) });
        const wasHit = await withTree(
          async (tree) => {
            const rule = server.script({ action, at: k });
            await codeOf(tree.replaceFile(at('file'), source()));
            rule.cancel();
            return rule.applied > 0;
          },
          action === 'drop-reply' ? SHORT_MS : LONG_MS,
        );
        expect(['old', text]).toContain(await readFile(join(directory, 'file'), 'utf8'));
        await withTree(async (tree) => {
          await tree.replaceFile(at('file'), source());
          await tree.dropLeftovers();
        });
        expect(await readFile(join(directory, 'file'), 'utf8')).toBe(text);
        expect(await readdir(join(server.root, '.proxyfs/staging'))).toEqual([]);
        if (!wasHit) return;
      }
    },
  );
});

test('repair notices that the server has lost the end of a file it took', async () => {
  const { directory, at } = await place();
  await file('file', 'old')(directory);
  await withTree(async (tree) => {
    const rule = server.script({ kind: 'write', at: 2, action: { status: 0 } });
    const data = Buffer.alloc(200_000, 1);
    const replaced = tree.replaceFile(at('file'), { stat: statOf(data.length), content: once(data) });
    expect(await codeOf(replaced)).toBe('INPUT_OUTPUT');
    expect(rule.applied).toBe(1);
  });
  expect(await readFile(join(directory, 'file'), 'utf8')).toBe('old');
  expect(await readdir(join(server.root, '.proxyfs/staging'))).toEqual([]);
});

describe('what a server answers', () => {
  test.each([6, 7])('as status %i is a lost connection', async (status) => {
    const { at } = await place();
    await withTree(async (tree) => {
      const rule = server.script({ kind: 'mkdir', action: { status } });
      expect(await codeOf(tree.apply({ kind: 'mkdir', path: at('new'), mode: 0o755 }))).toBe(
        'MIRROR_UNREACHABLE',
      );
      rule.cancel();
    });
  });

  test.each([
    [1, 'INPUT_OUTPUT'],
    [2, 'MIRROR_DIVERGED'],
    [3, 'ACCESS_DENIED'],
    [4, 'QUOTA_EXCEEDED'],
    [5, 'INVALID_ARGUMENT'],
    [8, 'NOT_SUPPORTED'],
    [99, 'INPUT_OUTPUT'],
  ])('as status %i to a write with room left is %s', async (status, code) => {
    const { directory, at } = await place();
    await file('file')(directory);
    await withTree(async (tree) => {
      const rule = server.script({ kind: 'write', action: { status } });
      const write = { kind: 'write', path: at('file'), offset: 0, data: Buffer.from('x') } as const;
      expect(await codeOf(tree.apply(write))).toBe(code);
      rule.cancel();
      expect(await codeOf(tree.apply(write))).toBe('done');
    });
  });

  test.each([
    [2, 'MIRROR_DIVERGED'],
    [4, 'INPUT_OUTPUT'],
  ])('as status %i to a flush is %s', async (status, code) => {
    const { directory, at } = await place();
    await file('file')(directory);
    await withTree(async (tree) => {
      const rule = server.script({ kind: 'fsync', action: { status } });
      const fsync = { kind: 'fsync', path: at('file'), dataOnly: false } as const;
      expect(await codeOf(tree.apply(fsync))).toBe(code);
      rule.cancel();
      expect(await codeOf(tree.apply(fsync))).toBe('done');
    });
  });

  test('to one piece fails the whole write, after all pieces are answered', async () => {
    const { directory, at } = await place();
    await file('file')(directory);
    await withTree(async (tree) => {
      const rule = server.script({ kind: 'write', at: 2, action: { status: 4 } });
      const write = { kind: 'write', path: at('file'), offset: 0, data: Buffer.alloc(1 << 20, 1) } as const;
      expect(await codeOf(tree.apply(write))).toBe('QUOTA_EXCEEDED');
      rule.cancel();
      expect(await codeOf(tree.apply(write, { repeated: true }))).toBe('done');
    });
    expect((await lstat(join(directory, 'file'))).size).toBe(1 << 20);
  });

  test('slowly, but with progress, is waited for beyond the deadline of one request', async () => {
    const { directory, at } = await place();
    await file('file')(directory);
    await withTree(async (tree) => {
      const rule = server.script({ kind: 'write', action: { delayMs: 250 }, times: 6 });
      const startMs = performance.now();
      const data = Buffer.alloc(6 * 128 * 1024, 1);
      expect(await codeOf(tree.apply({ kind: 'write', path: at('file'), offset: 0, data }))).toBe('done');
      expect(performance.now() - startMs).toBeGreaterThan(1400);
      rule.cancel();
    }, 1000);
  });

  test('never again ends all that is under way within the one deadline', async () => {
    const { at } = await place();
    await withTree(async (tree) => {
      server.script({ kind: 'mkdir', action: 'hang' });
      const startMs = performance.now();
      const paths = Array.from({ length: 20 }, (_, index) => at(`d${index}`));
      const codes = await Promise.all(
        paths.map((path) => codeOf(tree.apply({ kind: 'mkdir', path, mode: 0o755 }))),
      );
      expect(new Set(codes)).toEqual(new Set(['MIRROR_TIMEOUT']));
      expect(performance.now() - startMs).toBeLessThan(2000);
      server.clear();
    }, 400);
  });
});

test('a symlink that stands where a file is created keeps its target untouched', async () => {
  const { directory, at } = await place();
  await file('target')(directory);
  await symlink('target', join(directory, 'new'));
  await link(join(directory, 'target'), join(directory, 'second'));
  const before = await lstat(join(directory, 'target'));
  await withTree(async (tree) => {
    expect(await codeOf(tree.apply({ kind: 'create', path: at('new'), mode: 0o777 }))).toBe(
      'MIRROR_DIVERGED',
    );
  });
  expect((await lstat(join(directory, 'target'))).mode).toBe(before.mode);
});

function statOf(sizeBytes: number) {
  return { type: 'file', mode: 0o644, uid: 0, gid: 0, sizeBytes, mtimeNs: 0n, atimeNs: 0n } as const;
}

async function* once(data: Buffer): AsyncGenerator<Buffer> {
  yield await Promise.resolve(data);
}
