import { UnstyledButton } from '@mantine/core';
import { Fragment, type ReactNode, useState } from 'react';
import { capMiddle, escapeText } from '../format/escape.ts';
import classes from './safe-text.module.css';

/** PATH_MAX of Linux; an escaped character takes up to ten. */
const WHOLE_CHARS = 8192;

export interface SafeTextProps {
  /** Untrusted: a file name, or what a server said. */
  readonly children: string;
  /** Shown at first; a button shows the rest. */
  readonly limitChars?: number;
  /** What the button that shows the rest is about, for a reader who doesn't see where it stands. */
  readonly what: string;
}

/** An untrusted text as harmless text: escaped, isolated from its surroundings, and short until asked for. */
export function SafeText({ children, limitChars = 140, what }: SafeTextProps): ReactNode {
  const [whole, setWhole] = useState(false);
  const escaped = escapeText(children.slice(0, WHOLE_CHARS));
  const shown = capMiddle(escaped, whole ? WHOLE_CHARS : limitChars);
  const long = capMiddle(escaped, limitChars).omitted > 0;
  const button = whole ? 'less' : `+${shown.omitted} more`;
  return (
    <span className={classes['text']}>
      {isolated(shown.text)}
      {long && (
        <UnstyledButton
          className={classes['more']}
          aria-expanded={whole}
          aria-label={`${button} of the ${what}`}
          onClick={() => setWhole(!whole)}
        >
          {button}
        </UnstyledButton>
      )}
    </span>
  );
}

/** Each name of a path apart, so that one in a right-to-left script can't reorder its neighbours. */
function isolated(text: string): ReactNode {
  return text.split('/').map((name, index) => (
    // The names of one path have no identity but their place.
    // oxlint-disable-next-line react/no-array-index-key
    <Fragment key={index}>
      {index > 0 && (
        <>
          /<wbr />
        </>
      )}
      {name !== '' && <bdi>{name}</bdi>}
    </Fragment>
  ));
}
