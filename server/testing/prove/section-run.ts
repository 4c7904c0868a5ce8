import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { FIGURE } from '../figure.ts';
import { tempDirectory } from '../temp-directory.ts';
import { environmentOf, type Section } from './sections.ts';

/** What a section's tests have shown. */
export interface SectionResult {
  readonly section: Section;
  readonly passed: number;
  readonly skipped: number;
  /** Their titles, each with the first line of its message. */
  readonly failed: readonly string[];
  readonly figures: readonly string[];
  readonly elapsedMs: number;
}

const reportSchema = z.object({
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string(),
      assertionResults: z.array(
        z.object({
          fullName: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

type FileReport = z.output<typeof reportSchema>['testResults'][number];

/** Runs the tests of a section; what they print is passed on. No test at all counts as a failure. */
export async function runSection(section: Section, minutes: number): Promise<SectionResult> {
  const temp = await tempDirectory('prove');
  const report = join(temp.path, 'report.json');
  const startMs = performance.now();
  try {
    const { code, errors } = await vitest(section.files, environmentOf(section, minutes), report);
    const results = await readReport(report);
    const tests = results.flatMap(({ assertionResults }) => assertionResults);
    const failed = results.flatMap(failuresOf);
    const passed = tests.filter(({ status }) => status === 'passed').length;
    if (passed === 0 && failed.length === 0) failed.push('no test ran');
    if (code !== 0 && failed.length === 0) failed.push(`the tests ended with code ${code}`);
    const skipped = tests.length - passed - tests.filter(({ status }) => status === 'failed').length;
    return {
      section,
      passed,
      skipped,
      failed,
      figures: figuresIn(errors),
      elapsedMs: performance.now() - startMs,
    };
  } finally {
    await temp.remove();
  }
}

async function vitest(
  files: readonly string[],
  env: Readonly<Record<string, string>>,
  report: string,
): Promise<{ code: number | null; errors: string }> {
  const args = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`, ...files];
  const child = spawn(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...args], {
    stdio: ['ignore', 'inherit', 'pipe'],
    env: { ...process.env, ...env },
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
    process.stderr.write(chunk);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, errors };
}

async function readReport(file: string): Promise<FileReport[]> {
  try {
    return reportSchema.parse(JSON.parse(await readFile(file, 'utf8'))).testResults;
  } catch {
    return [];
  }
}

/** A file that could not be loaded, or whose hooks failed, has no failed test of its own. */
function failuresOf({ name, status, message, assertionResults }: FileReport): string[] {
  const failed = assertionResults.filter((test) => test.status === 'failed');
  if (failed.length === 0 && status === 'failed') return [`${name}: ${firstLine(message)}`];
  return failed.map(
    ({ fullName, failureMessages }) => `${fullName}: ${firstLine(failureMessages?.[0] ?? '')}`,
  );
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? '';
}

function figuresIn(output: string): string[] {
  const lines = output.split('\n').filter((line) => line.startsWith(FIGURE));
  return lines.map((line) => line.slice(FIGURE.length).trim());
}
