import { useMutation } from '@tanstack/react-query';
import { type MirrorChangeName, changeMirror } from './changes.ts';
import { type RequestFailure, asFailure } from './problem.ts';

export interface WantedChange {
  readonly name: MirrorChangeName;
  readonly ids: readonly string[];
}

/** What came of a change of several mirrors: each is asked for by itself, so some may be refused. */
export interface ChangedMany extends WantedChange {
  readonly refused: readonly { readonly id: string; readonly failure: RequestFailure }[];
}

export interface ManyMirrorsChange {
  readonly run: (wanted: WantedChange) => void;
  readonly pending: MirrorChangeName | undefined;
  readonly result: ChangedMany | undefined;
}

/** The same change of several mirrors, one after the other. */
export function useManyMirrorsChange(): ManyMirrorsChange {
  const { mutate, isPending, variables, data } = useMutation({
    mutationFn: changeAll,
    networkMode: 'always',
  });
  return { run: mutate, pending: isPending ? variables.name : undefined, result: data };
}

async function changeAll(wanted: WantedChange): Promise<ChangedMany> {
  const refused: { id: string; failure: RequestFailure }[] = [];
  for (const id of wanted.ids) {
    await changeMirror(id, wanted.name).catch((thrown: unknown) => {
      refused.push({ id, failure: asFailure(thrown) });
    });
  }
  return { ...wanted, refused };
}
