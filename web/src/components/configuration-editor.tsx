import { Button, Group } from '@mantine/core';
import { useDebouncedValue, useDisclosure } from '@mantine/hooks';
import { RotateCcw, Save } from 'lucide-react';
import { type ReactNode, useState } from 'react';
import type { ConfigurationView } from '../../../shared/configuration.ts';
import { useSaveConfiguration, useVerdict } from '../api/configuration.ts';
import { formatList } from '../format/quantities.ts';
import { ActionButton } from './action-button.tsx';
import classes from './configuration-editor.module.css';
import { ConfigurationForm } from './configuration-form.tsx';
import { ConfigurationVerdictList } from './configuration-verdict-list.tsx';
import { ConfigurationVersions } from './configuration-versions.tsx';
import { Confirm } from './confirm.tsx';
import { FailureNotice } from './failure-notice.tsx';
import { Notice } from './notice.tsx';
import { Section } from './section.tsx';
import { TextDifference } from './text-difference.tsx';
import { TextEditor } from './text-editor.tsx';

const TYPING_MS = 400;

/** Text and form side by side: both change the one text, which is saved after a look at what changes. */
export function ConfigurationEditor({ view }: { readonly view: ConfigurationView }): ReactNode {
  const draft = useDraft(view);
  const { text, setText, base, startFrom, saving, verdict } = draft;
  const [place, setPlace] = useState<{ line: number; column: number }>();
  const [asking, ask] = useDisclosure(false);
  return (
    <>
      <Waiting view={view} />
      {draft.isLate && <ChangedElsewhere isEdited={draft.isChanged} onTake={() => startFrom(view)} />}
      <div className={classes['columns']}>
        <Section
          title="File"
          testId="config-text"
          note={draft.isChanged ? 'not saved yet' : 'as it stands on the disk'}
        >
          <TextEditor
            label="The configuration file"
            value={text}
            onChange={setText}
            mistakes={verdict?.errors ?? []}
            place={place}
          />
          <DraftActions draft={draft} onSave={ask.open} onDrop={() => startFrom(view)} />
          <FailureNotice what="save it" failure={saving.error} />
          {verdict && <ConfigurationVerdictList verdict={verdict} onGo={setPlace} />}
        </Section>
        <ConfigurationForm keys={view.keys} text={text} onChange={setText} />
      </div>
      <ConfigurationVersions onText={setText} />
      <Confirm
        opened={asking}
        onClose={ask.close}
        onConfirm={() => saving.mutate({ text, etag: base.etag })}
        question="Save the configuration?"
        doIt="Save it"
        leaveIt="Go on editing"
      >
        <TextDifference before={base.text} after={text} />
      </Confirm>
    </>
  );
}

/** The text as it is edited, and what the server says of it. */
function useDraft(view: ConfigurationView) {
  // What it was made from: somebody else may change the file meanwhile.
  const [base, setBase] = useState(view);
  const [text, setText] = useState(view.text);
  const startFrom = (next: ConfigurationView) => {
    setBase(next);
    setText(next.text);
  };
  const saving = useSaveConfiguration(startFrom);
  const [settled] = useDebouncedValue(text, TYPING_MS);
  const { data: verdict, isPlaceholderData } = useVerdict(settled);
  return {
    text,
    setText,
    base,
    startFrom,
    saving,
    verdict,
    isChanged: text !== base.text,
    isLate: view.etag !== base.etag && !saving.isPending,
    /** The server has looked at this very text. */
    isKnown: settled === text && !isPlaceholderData,
  };
}

type Draft = ReturnType<typeof useDraft>;

interface DraftActionsProps {
  readonly draft: Draft;
  readonly onSave: () => void;
  readonly onDrop: () => void;
}

function DraftActions({ draft, onSave, onDrop }: DraftActionsProps): ReactNode {
  return (
    <Group gap="xs">
      <ActionButton
        label="Save…"
        name="Save…"
        icon={Save}
        scope="admin"
        pending={draft.saving.isPending}
        refusal={refusalOf(draft)}
        onPress={onSave}
      />
      <Button
        size="xs"
        variant="default"
        leftSection={<RotateCcw size={14} aria-hidden />}
        disabled={!draft.isChanged}
        onClick={onDrop}
      >
        Start again
      </Button>
    </Group>
  );
}

function refusalOf({ isChanged, verdict, isKnown }: Draft): string | undefined {
  if (!isChanged) return 'Nothing is changed';
  if (!isKnown || !verdict) return 'It is being checked';
  return verdict.valid ? undefined : 'It has mistakes';
}

/** What the file says, and what runs does not do yet. */
function Waiting({ view: { waiting } }: { readonly view: ConfigurationView }): ReactNode {
  if (waiting.length === 0) return null;
  const keys = formatList(
    waiting.map(({ key }) => key),
    6,
  );
  return <Notice tone="warn" role="status" title={`Waiting for a restart of Proxyfs: ${keys}`} />;
}

interface ChangedElsewhereProps {
  readonly isEdited: boolean;
  readonly onTake: () => void;
}

function ChangedElsewhere({ isEdited, onTake }: ChangedElsewhereProps): ReactNode {
  return (
    <Notice tone="warn" role="status" title="Somebody else has changed the file">
      <Button size="xs" variant="default" onClick={onTake}>
        {isEdited ? 'Drop what is edited here, and take that' : 'Take that'}
      </Button>
    </Notice>
  );
}
