import { describe } from 'vitest';
import { describeAttributes } from './file-tree-contract/attributes.ts';
import { describeContent } from './file-tree-contract/content.ts';
import { describeHandles } from './file-tree-contract/handles.ts';
import { describeNames } from './file-tree-contract/names.ts';
import { describePreImages } from './file-tree-contract/pre-images.ts';
import { describeReading } from './file-tree-contract/reading.ts';
import { describeRenames } from './file-tree-contract/renames.ts';
import { describeRepetition } from './file-tree-contract/repetition.ts';
import { describeReplacing } from './file-tree-contract/replacing.ts';
import { describeReserved } from './file-tree-contract/reserved.ts';
import { useStage, type ContractTree } from './file-tree-contract/stage.ts';

export type { ContractTree } from './file-tree-contract/stage.ts';

/** States every clause of the FileTree port as tests; `make` starts one tree over an empty directory. */
export function describeFileTree(title: string, make: () => Promise<ContractTree>): void {
  describe(title, () => {
    const stage = useStage(make);
    describeNames(stage);
    describeRenames(stage);
    describeContent(stage);
    describeAttributes(stage);
    describeRepetition(stage);
    describePreImages(stage);
    describeReplacing(stage);
    describeHandles(stage);
    describeReading(stage);
    describeReserved(stage);
  });
}
