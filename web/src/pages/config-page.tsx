import type { ReactNode } from 'react';
import { useConfiguration } from '../api/configuration.ts';
import { useScopeRefusal } from '../api/who.ts';
import { ConfigurationEditor } from '../components/configuration-editor.tsx';
import { Page } from '../components/page.tsx';
import { QueryState } from '../components/query-state.tsx';
import { Empty } from '../components/section.tsx';

/** The configuration file, as a text and as a form, with what each change would do. */
export function ConfigPage(): ReactNode {
  const refusal = useScopeRefusal('admin');
  return (
    <Page tabTitle="Configuration" heading="Configuration" testId="config-page">
      {refusal === undefined ? <LoadedFile /> : <Empty>{refusal}.</Empty>}
    </Page>
  );
}

function LoadedFile(): ReactNode {
  const file = useConfiguration();
  return <QueryState query={file}>{(view) => <ConfigurationEditor view={view} />}</QueryState>;
}
