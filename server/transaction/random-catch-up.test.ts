import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { AppError } from '../base/errors.ts';
import type { Operation } from '../filesystem/operation.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { compareTrees } from '../testing/compare-trees.ts';
import { type DirectoryMirror, Engine } from '../testing/engine.ts';
import type { ChangingCall } from '../testing/mount-worker.ts';
import { randomCall } from '../testing/random-calls.ts';
import { SeededRandom } from '../testing/seeded-random.ts';

/** More, or the printed seed of a run that failed: `PROXYFS_TEST_ROUNDS=60 PROXYFS_TEST_SEED=7 npx vitest run random-catch-up`. */
const ROUNDS = Number(process.env['PROXYFS_TEST_ROUNDS'] ?? 5);
const SEED = Number(process.env['PROXYFS_TEST_SEED'] ?? Date.now() % 1_000_000);
const LIMIT_MS = 20_000 + ROUNDS * 5000;
const OWNER = { uid: 0, gid: 0 };
/** By name, by place, and with what is below; in one of two runs. */
const EXCLUDE = SEED % 2 === 0 ? ['e', '/w/two/c', '/w/two/deep/'] : [];
const LEFT_OUT = /(^|\/)e$|^w\/two\/(c$|deep(\/|$))/;

let engine: Engine;
beforeEach(async () => {
  engine = await Engine.start(EXCLUDE);
});
afterEach(() => engine.stop());

function operationOf(call: ChangingCall, root: string): Operation {
  const path = treePath(`/${call.path}`);
  switch (call.call) {
    case 'create':
    case 'mkdir':
      return { kind: call.call, path, mode: call.mode ?? 0o755, owner: OWNER };
    case 'write':
      return { kind: 'write', path, offset: call.offset, data: Buffer.alloc(call.sizeBytes, call.fill) };
    case 'append': {
      const offset = statSync(`${root}${path}`, { throwIfNoEntry: false })?.size ?? 0;
      return { kind: 'write', path, offset, data: Buffer.alloc(call.sizeBytes, call.fill) };
    }
    case 'truncate':
      return { kind: 'truncate', path, sizeBytes: call.sizeBytes };
    case 'unlink':
    case 'rmdir':
      return { kind: call.call, path };
    case 'rename':
    case 'link':
      return { kind: call.call, path, to: treePath(`/${call.to}`) };
    case 'symlink':
      return { kind: 'symlink', path, target: call.target, owner: OWNER };
    case 'chmod':
      return { kind: 'chmod', path, mode: call.mode };
    case 'chown':
      return { kind: 'chown', path, uid: call.uid, gid: call.gid };
    case 'times': {
      const ns = BigInt(call.mtimeSeconds) * 1_000_000_000n;
      return { kind: 'times', path, atimeNs: ns, mtimeNs: ns };
    }
  }
}

/** As the kernel passes it on: symlinks on the way are followed. Undefined where that leads nowhere. */
function resolved(path: string, root: string): string | undefined {
  try {
    return join(realpathSync(join(root, dirname(path))).slice(root.length + 1), basename(path));
  } catch {
    return undefined;
  }
}

function resolvedCall(call: ChangingCall, root: string): ChangingCall | undefined {
  const path = resolved(call.path, root);
  if (!path) return undefined;
  if (!('to' in call)) return { ...call, path };
  const to = resolved(call.to, root);
  return to === undefined ? undefined : { ...call, path, to };
}

/** Any calls below `/w`, one after the other; answers those that were done. */
async function someCalls(random: SeededRandom, count: number): Promise<string[]> {
  const done: string[] = [];
  for (let k = 0; k < count; k += 1) {
    const call = resolvedCall(randomCall(random, engine.localRoot, 'w') as ChangingCall, engine.localRoot);
    if (!call) continue;
    try {
      await engine.coordinator.run(operationOf(call, engine.localRoot));
      done.push(JSON.stringify(call));
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
  return done;
}

/** One mirror misses some of them, and now and then others come while it catches up. */
async function round(random: SeededRandom, absent: DirectoryMirror): Promise<string[]> {
  absent.required = false;
  absent.tree.linked = false;
  const missed = await someCalls(random, random.below(120));
  absent.tree.linked = true;
  if (random.chance(0.5)) {
    absent.reconciler.start();
    missed.push('catching up', ...(await someCalls(random, random.below(20))));
  }
  absent.required = true;
  await engine.heal();
  return missed;
}

it(
  `a mirror is equal after it has missed any calls (seed ${SEED}, ${ROUNDS} rounds)`,
  async () => {
    const random = new SeededRandom(SEED);
    const [absent] = engine.mirrors;
    if (!absent) throw new Error('there are no mirrors');
    for (const path of ['/w', '/w/one'].map(treePath))
      await engine.coordinator.run({ kind: 'mkdir', path, mode: 0o755, owner: OWNER });
    for (let k = 0; k < ROUNDS; k += 1) {
      const calls = await round(random, absent);
      const differences = await compareTrees(engine.roots, EXCLUDE.length > 0 ? { leaveOut: LEFT_OUT } : {});
      expect(differences, [...differences, `after, in round ${k}:`, ...calls].join('\n')).toEqual([]);
    }
  },
  LIMIT_MS,
);
