/** The part of JSON Schema that the OpenAPI document uses. */
export interface JsonSchema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly JsonSchema[];
  readonly oneOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: JsonSchema | boolean;
}

const INDENT = '  ';

/** A schema as TypeScript would write the type; the names of others as `refer` has them. */
export function schemaText(schema: JsonSchema, refer: (name: string) => string, depth = 0): string {
  const inner = (part: JsonSchema) => schemaText(part, refer, depth);
  if (schema.$ref !== undefined) return refer(schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ');
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return either.map(inner).join(' | ');
  if (schema.allOf) return schema.allOf.map(inner).join(' & ');
  if (schema.type === 'array') return `Array<${inner(schema.items ?? {})}>`;
  if (schema.type === 'object') return objectText(schema, refer, depth);
  const type = [schema.type ?? 'anything'].flat().join(' | ');
  return schema.format === undefined ? type : `${type} (${schema.format})`;
}

function objectText(schema: JsonSchema, refer: (name: string) => string, depth: number): string {
  const { properties = {}, required = [], additionalProperties: others } = schema;
  const margin = INDENT.repeat(depth + 1);
  const inner = (part: JsonSchema) => schemaText(part, refer, depth + 1);
  const lines = Object.entries(properties).map(
    ([name, property]) => `${margin}${name}${required.includes(name) ? '' : '?'}: ${inner(property)}\n`,
  );
  if (typeof others === 'object') lines.push(`${margin}[name]: ${inner(others)}\n`);
  return lines.length === 0 ? '{}' : `{\n${lines.join('')}${INDENT.repeat(depth)}}`;
}
