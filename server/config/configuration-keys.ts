import { z } from 'zod';
import type { ConfigurationKey } from '../../shared/configuration.ts';
import { configurationSchema } from './schema.ts';

/** What z.toJSONSchema tells of a key; the last four are what the schema says of it in `meta`. */
interface KeySchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, KeySchema>>;
  readonly additionalProperties?: KeySchema | boolean;
  readonly description?: string;
  readonly form?: string;
  readonly otherwise?: string;
  readonly fileOnly?: true;
  readonly live?: true;
}

/** Every key of the configuration file in its order; that of any mirror is `mirrors.*.port`. */
export function configurationKeys(): ConfigurationKey[] {
  const whole = z.toJSONSchema(configurationSchema, { io: 'input', unrepresentable: 'any' }) as KeySchema;
  return keysIn(whole, '', 'restart');
}

function keysIn(map: KeySchema, place: string, applies: ConfigurationKey['applies']): ConfigurationKey[] {
  return Object.entries(map.properties ?? {}).flatMap(([name, schema]) => {
    const key = place + name;
    const takesEffect = takesEffectOf(schema, applies);
    const entry: ConfigurationKey = {
      key,
      description: schema.description ?? '',
      form: schema.form ?? formOf(schema),
      default: defaultOf(schema),
      required: map.required?.includes(name) === true,
      applies: takesEffect,
    };
    if (schema.properties) return [entry, ...keysIn(schema, `${key}.`, takesEffect)];
    const each = schema.additionalProperties;
    return typeof each === 'object' ? [entry, ...keysIn(each, `${key}.*.`, takesEffect)] : [entry];
  });
}

function takesEffectOf({ fileOnly, live }: KeySchema, around: ConfigurationKey['applies']) {
  if (fileOnly) return 'fileOnly';
  return live ? 'now' : around;
}

function formOf({ type, enum: values, const: only, minimum, maximum }: KeySchema): string {
  if (values) return values.join(', ');
  if (only !== undefined) return JSON.stringify(only);
  if (type === 'object') return 'a map';
  if (type === 'boolean') return 'true or false';
  if (type === 'integer' || type === 'number')
    return minimum === maximum ? `${minimum}` : `${minimum} to ${maximum}`;
  return 'a text';
}

/** null where leaving it out is a choice of its own, or a mistake. */
function defaultOf(schema: KeySchema): string | null {
  const { default: value, otherwise, properties } = schema;
  if (otherwise !== undefined) return otherwise;
  if (value === undefined || properties) return null;
  return typeof value === 'string' ? value : JSON.stringify(value).replaceAll(',', ', ');
}
