import { Button } from '@mantine/core';
import type { ReactNode } from 'react';
import { useVersions, useVersionText } from '../api/configuration.ts';
import { formatBytes } from '../format/quantities.ts';
import { FailureNotice } from './failure-notice.tsx';
import { QueryState } from './query-state.tsx';
import table from './record-table.module.css';
import { RelativeTime } from './relative-time.tsx';
import { Empty, Section } from './section.tsx';

/** Earlier texts, to be taken into the editor. */
export function ConfigurationVersions({ onText }: { readonly onText: (text: string) => void }): ReactNode {
  const versions = useVersions();
  const taking = useVersionText(onText);
  return (
    <Section title="Earlier versions" testId="config-versions" note="The last twenty">
      <QueryState query={versions}>
        {(items) =>
          items.length === 0 ? (
            <Empty>The file was never replaced from here.</Empty>
          ) : (
            <table className={table['table']}>
              <thead>
                <tr>
                  <th scope="col">Replaced</th>
                  <th scope="col">Size</th>
                  <th scope="col">Change</th>
                </tr>
              </thead>
              <tbody>
                {items.map(({ id, replacedAt, sizeBytes }) => (
                  <tr key={id} data-testid="version-row">
                    <td>
                      <RelativeTime at={replacedAt} />
                    </td>
                    <td data-label="Size">{formatBytes(sizeBytes)}</td>
                    <td>
                      <Button size="xs" variant="default" onClick={() => taking.mutate(id)}>
                        Take it into the editor
                      </Button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )
        }
      </QueryState>
      <FailureNotice what="load that version" failure={taking.error} />
    </Section>
  );
}
