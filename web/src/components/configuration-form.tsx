import { NativeSelect, TextInput } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import type { ConfigurationKey } from '../../../shared/configuration.ts';
import { settingIn, withSetting } from '../format/yaml-setting.ts';
import { Chip } from './chip.tsx';
import classes from './configuration-form.module.css';
import { APPLIES_LOOKS } from './configuration-looks.ts';
import { Section } from './section.tsx';

/** Lists, maps and mirrors are the text's, or have pages of their own. */
const NOT_HERE = /^a (map|list)/;
const CHOICE = /^[\w-]+(, [\w-]+)+$/;

export interface ConfigurationFormProps {
  readonly keys: readonly ConfigurationKey[];
  readonly text: string;
  readonly onChange: (text: string) => void;
}

/** The settings that are single values; each changes the text in its place. */
export function ConfigurationForm({ keys, text, onChange }: ConfigurationFormProps): ReactNode {
  const shown = keys.filter(isShown);
  return (
    <Section title="Settings" testId="config-form" note="Mirrors have a page of their own">
      <div className={classes['fields']}>
        {shown.map((one) => (
          <Setting
            key={`${one.key} ${String(settingIn(text, one.key))}`}
            known={one}
            value={settingIn(text, one.key)}
            onChange={(value) => onChange(withSetting(text, one.key, value))}
          />
        ))}
      </div>
    </Section>
  );
}

function isShown({ key, form, applies, default: unsaid }: ConfigurationKey): boolean {
  // Of some there is only one value so far.
  const isFixed = form === unsaid;
  return applies !== 'fileOnly' && !isFixed && !key.startsWith('mirrors') && !NOT_HERE.test(form);
}

interface SettingProps {
  readonly known: ConfigurationKey;
  readonly value: unknown;
  readonly onChange: (value: unknown) => void;
}

function Setting({ known, value, onChange }: SettingProps): ReactNode {
  const { key, description, form, applies } = known;
  const choices = choicesOf(form);
  const described = {
    label: (
      <span className={classes['label']}>
        <code>{key}</code> <Chip look={APPLIES_LOOKS[applies]} />
      </span>
    ),
    description: choices ? plain(description) : `${plain(description)} (${plain(form)})`,
  };
  const written =
    typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : '';
  const unsaid = known.default === null ? 'not set' : `${plain(known.default)}, the default`;
  if (choices)
    return (
      <NativeSelect
        {...described}
        value={written}
        data={[{ value: '', label: unsaid }, ...choices]}
        onChange={(event) => onChange(asValue(event.currentTarget.value))}
      />
    );
  return <TypedSetting described={described} written={written} unsaid={unsaid} onChange={onChange} />;
}

interface TypedSettingProps {
  readonly described: { readonly label: ReactNode; readonly description: string };
  readonly written: string;
  readonly unsaid: string;
  readonly onChange: (value: unknown) => void;
}

/** Counts when it is left, so that no half of a value stands in the text. */
function TypedSetting({ described, written, unsaid, onChange }: TypedSettingProps): ReactNode {
  const [typed, setTyped] = useState(written);
  const take = () => {
    if (typed.trim() !== written) onChange(asValue(typed.trim()));
  };
  return (
    <TextInput
      {...described}
      value={typed}
      placeholder={unsaid}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={take}
      onKeyDown={(event) => {
        if (event.key === 'Enter') take();
      }}
    />
  );
}

function choicesOf(form: string): readonly string[] | undefined {
  if (form === 'true or false') return ['true', 'false'];
  return CHOICE.test(form) ? form.split(', ') : undefined;
}

function asValue(text: string): unknown {
  if (text === '') return undefined;
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

/** Without the marks of the reference. */
function plain(text: string): string {
  return text.replaceAll('`', '');
}
