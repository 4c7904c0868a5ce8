import { Button, Code, CopyButton, Stack } from '@mantine/core';
import type { ReactNode } from 'react';
import { escapeText } from '../format/escape.ts';
import { Notice } from './notice.tsx';

export interface ToldOnceProps {
  /** What it belongs to. */
  readonly name: string;
  readonly secret: string;
  readonly testId: string;
}

/** A secret that was just made, to be copied now. */
export function ToldOnce({ name, secret, testId }: ToldOnceProps): ReactNode {
  return (
    <Notice tone="good" role="status" title={`${escapeText(name)}: copy it now, it is not shown again`}>
      <Stack gap="xs" align="flex-start">
        <Code data-testid={testId} style={{ overflowWrap: 'anywhere' }}>
          {secret}
        </Code>
        <CopyButton value={secret}>
          {({ copied, copy }) => (
            <Button size="xs" variant="default" onClick={copy}>
              {copied ? 'Copied' : 'Copy'}
            </Button>
          )}
        </CopyButton>
      </Stack>
    </Notice>
  );
}
