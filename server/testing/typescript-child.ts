import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const COMPILER = pathToFileURL(createRequire(import.meta.url).resolve('typescript')).href;
const CACHE = fileURLToPath(new URL('../../node_modules/.cache/typescript-child/', import.meta.url));

/** Loading the compiler takes longer than most programs run, so what it made is kept by the hash of its source. */
const HOOKS = `
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
const cache = ${JSON.stringify(CACHE)};
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const source = await readFile(fileURLToPath(url), 'utf8');
  const kept = cache + createHash('sha256').update(source).digest('hex') + '.js';
  const known = await readFile(kept, 'utf8').catch(() => undefined);
  return { format: 'module', shortCircuit: true, source: known ?? (await compile(source, kept)) };
}
async function compile(source, kept) {
  const { default: ts } = await import(${JSON.stringify(COMPILER)});
  const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
  const { outputText } = ts.transpileModule(source, { compilerOptions });
  try {
    await mkdir(cache, { recursive: true });
    await writeFile(kept + process.pid, outputText);
    await rename(kept + process.pid, kept);
  } catch {}
  return outputText;
}
`;

const REGISTRATION = `
import { register } from 'node:module';
register(${JSON.stringify(asModule(HOOKS))});
`;

/** The arguments that make Node run a TypeScript file straight from the sources, for tests that end a process the hard way. */
export function typeScriptArguments(program: URL, args: readonly string[] = []): string[] {
  return ['--import', asModule(REGISTRATION), fileURLToPath(program), ...args];
}

function asModule(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
