import { link, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { LocalTree } from '../filesystem/local-tree.ts';
import { treePath } from '../filesystem/tree-path.ts';
import { tempDirectory, type TempDirectory } from '../testing/temp-directory.ts';
import { waitUntil } from '../testing/wait-until.ts';
import { LinkGroups } from './link-groups.ts';

class CountedTree extends LocalTree {
  walks = 0;
  override walkHardLinks(): ReturnType<LocalTree['walkHardLinks']> {
    this.walks += 1;
    return super.walkHardLinks();
  }
}

let temp: TempDirectory;
let tree: CountedTree;
let groups: LinkGroups;

beforeEach(async () => {
  temp = await tempDirectory('links');
  await mkdir(join(temp.path, 'tree'));
  tree = new CountedTree(join(temp.path, 'tree'), join(temp.path, 'state'));
  groups = new LinkGroups(tree);
  for (let k = 0; k < 20; k += 1) {
    await writeFile(at(`one${k}`), '');
    await link(at(`one${k}`), at(`two${k}`));
    await writeFile(at(`lone${k}`), '');
    await link(at(`lone${k}`), join(temp.path, `outside${k}`));
  }
});

afterEach(() => temp.remove());

function at(name: string): string {
  return join(temp.path, 'tree', name);
}

async function namesOf(name: string): Promise<string[]> {
  return [...(await groups.namesOf(treePath(`/${name}`)))].sort();
}

it('walks the tree once for all who ask at the same time', async () => {
  const asked = Array.from({ length: 20 }, (_, k) => namesOf(`one${k}`));
  for (const [k, names] of (await Promise.all(asked)).entries())
    expect(names).toEqual([`/one${k}`, `/two${k}`]);
  expect(tree.walks).toBe(1);
});

it('does not walk again for each file that has a name outside the tree', async () => {
  const { ctimeMs } = await stat(at('lone19'));
  await waitUntil('the files are older than the clocks are apart', () => Date.now() > ctimeMs + 200);
  for (let k = 0; k < 20; k += 1) expect(await namesOf(`lone${k}`)).toEqual([`/lone${k}`]);
  expect(tree.walks).toBe(1);
});

it('walks again when a name has come or moved since', async () => {
  await namesOf('one1');
  await link(at('one1'), at('three1'));
  expect(await namesOf('one1')).toEqual(['/one1', '/three1', '/two1']);
  await rename(at('two1'), at('moved1'));
  expect(await namesOf('moved1')).toEqual(['/moved1', '/one1', '/three1']);
});

it('finds a name that came while another walk was under way', async () => {
  const first = namesOf('one1');
  await link(at('one2'), at('three2'));
  const second = namesOf('one2');
  expect(await first).toEqual(['/one1', '/two1']);
  expect(await second).toEqual(['/one2', '/three2', '/two2']);
});
