import { type ChildProcess, spawn, type SpawnOptions } from 'node:child_process';
import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const COMPILER = pathToFileURL(createRequire(import.meta.url).resolve('typescript')).href;

const HOOKS = `
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import ts from ${JSON.stringify(COMPILER)};
const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true };
export async function load(url, context, next) {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return next(url, context);
  const source = await readFile(fileURLToPath(url), 'utf8');
  return { format: 'module', shortCircuit: true, source: ts.transpileModule(source, { compilerOptions }).outputText };
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

export function spawnTypeScript(program: URL, args: readonly string[], options: SpawnOptions): ChildProcess {
  return spawn(process.execPath, typeScriptArguments(program, args), options);
}

function asModule(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}
