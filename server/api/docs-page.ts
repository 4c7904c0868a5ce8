import { plainPage } from './plain-page.ts';
import { type JsonSchema, schemaText } from './schema-text.ts';

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>;

interface Operation {
  readonly summary: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly description: string; readonly content?: Content }>>;
}

interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required: boolean;
  readonly schema: JsonSchema;
}

/** What of the OpenAPI document is shown. */
export interface ShownDocument {
  readonly info: { readonly title: string; readonly version: string; readonly summary: string };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** The OpenAPI document as a page to read: no script, nothing from elsewhere. */
export function docsPage({ info, paths, components }: ShownDocument): string {
  const calls = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      operation,
    })),
  );
  const title = `${escaped(info.title)} API ${escaped(info.version)}`;
  const body = `<header>
<h1>${title}</h1>
<p>${escaped(info.summary)} Send <code>Authorization: Bearer TOKEN</code>. Whatever fails is answered as
<code>application/problem+json</code> of the shape ${link('Problem')}. For programs: <a href="openapi.json">openapi.json</a>.</p>
</header>
<nav aria-label="Calls">
<ul>
${calls.map(({ name, operation }) => `<li><a href="#${idOf(name)}"><code>${escaped(name)}</code></a> ${escaped(operation.summary)}</li>`).join('\n')}
</ul>
</nav>
<main>
<h2>Calls</h2>
${calls.map(({ name, operation }) => callSection(name, operation)).join('\n')}
<h2>Shapes</h2>
${Object.entries(components.schemas).map(shapeSection).join('\n')}
</main>`;
  return plainPage(title, STYLE, body);
}

function callSection(
  name: string,
  { summary, security, parameters, requestBody, responses }: Operation,
): string {
  const scope = security.flatMap((each) => Object.values(each).flat()).join(', ');
  const answers = Object.entries(responses).filter(([status]) => status !== 'default');
  return `<section id="${idOf(name)}">
<h3><code>${escaped(name)}</code></h3>
<p>${escaped(summary)}. ${scope === '' ? 'Needs no token.' : `Needs the scope <strong>${escaped(scope)}</strong>.`}</p>
${parameters.length === 0 ? '' : parameterTable(parameters)}
${requestBody ? contentText('Body', requestBody.content) : ''}
${answers.map(([status, { content = {} }]) => contentText(`Answer ${status}`, content)).join('\n')}
</section>`;
}

function parameterTable(parameters: readonly Parameter[]): string {
  const rows = parameters.map(
    ({ name, in: place, required, schema }) =>
      `<tr><th scope="row"><code>${escaped(name)}</code></th><td>${escaped(place)}${required ? '' : ', may be left out'}</td><td><code>${typeText(schema)}</code></td></tr>`,
  );
  return `<table>
<thead><tr><th scope="col">Parameter</th><th scope="col">Where</th><th scope="col">What</th></tr></thead>
<tbody>${rows.join('')}</tbody>
</table>`;
}

function contentText(label: string, content: Content): string {
  const shapes = Object.entries(content).map(
    ([type, { schema }]) => `<p>${escaped(label)}, ${escaped(type)}:</p>\n<pre>${typeText(schema)}</pre>`,
  );
  return shapes.length === 0 ? `<p>${escaped(label)}, empty.</p>` : shapes.join('\n');
}

function shapeSection([name, schema]: readonly [string, JsonSchema]): string {
  return `<section id="shape-${escaped(name)}">
<h3><code>${escaped(name)}</code></h3>
<pre>${typeText(schema)}</pre>
</section>`;
}

/** The marks keep the names of shapes through the escaping. */
function typeText(schema: JsonSchema): string {
  return escaped(schemaText(schema, (name) => `«${name}»`)).replaceAll(/«(\w+)»/g, (_, name: string) =>
    link(name),
  );
}

function link(name: string): string {
  return `<a href="#shape-${escaped(name)}">${escaped(name)}</a>`;
}

function idOf(name: string): string {
  return name.replaceAll(/\W+/g, '-');
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

const STYLE = `
body { max-width: 60rem; margin: 0 auto; padding: 1rem }
h3 { margin: 2rem 0 0; overflow-wrap: anywhere }
nav ul { padding: 0; list-style: none }
nav li { overflow-wrap: anywhere }
pre { padding: .75rem; white-space: pre-wrap; overflow-wrap: anywhere; background: light-dark(#f3f4f6, #1f2328) }
table { border-collapse: collapse; width: 100% }
th, td { padding: .25rem .75rem .25rem 0; text-align: left; vertical-align: top; overflow-wrap: anywhere }
`;
