// npm test [-- --project unit|system|timed|browser] [FILE FILTER ...] [VITEST OPTIONS]
// Ends with the line "N passed, N failed" (and ", N skipped" when some were).

import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { run, stopSignal, tool } from './run.mjs';
import { isRoot, main, missingForTests, setup, SetupError } from './setup.mjs';

const PROJECTS = ['unit', 'system', 'timed', 'browser'];

await main(async (args) => {
  const { projects, rest } = parse(args);
  const total = { passed: 0, failed: 0, skipped: 0 };
  const failed = [];
  try {
    await setup({
      system: projects.some((project) => project !== 'unit'),
      browser: projects.includes('browser'),
      // Most unit tests run on the sources: one that needs dist/ says so itself.
      build: projects.some((project) => project !== 'unit') ? true : 'try',
    });
    for (const project of runnable(projects)) {
      if (stopSignal) break;
      const { failures, ...counts } = await runProject(project, rest);
      add(total, counts);
      failed.push(...failures);
    }
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(`setup: ${error.message}`);
    total.failed += 1;
  }
  if (stopSignal) {
    console.error(`stopped by ${stopSignal}`);
    total.failed += 1;
  } else if (total.passed + total.failed === 0) {
    console.error('no test ran');
    total.failed += 1;
  }
  // Once more at the end: a log of thousands of lines is often kept by its tail alone.
  for (const { file, title, message } of failed) console.log(`\nFAILED ${file}\n  ${title}\n${message}`);
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
  console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
  return total.failed > 0 ? 1 : 0;
});

function parse(args) {
  const projects = [];
  const rest = [];
  for (let i = 0; i < args.length; i++) {
    if (args[i] === '--project') projects.push(args[++i]);
    else if (args[i].startsWith('--project=')) projects.push(args[i].slice('--project='.length));
    else rest.push(args[i]);
  }
  const unknown = projects.filter((project) => !PROJECTS.includes(project));
  if (unknown.length > 0)
    throw new SetupError(`unknown project ${unknown.join(', ')}; known: ${PROJECTS.join(', ')}`);
  return {
    projects: projects.length > 0 ? PROJECTS.filter((project) => projects.includes(project)) : PROJECTS,
    rest,
  };
}

// Without root there is no sshd and no kernel mount: say so, and run what can be run.
function runnable(projects) {
  return projects.filter((project) => {
    const missing = missingForTests({ browser: project === 'browser' });
    if (project === 'unit' || (isRoot() && missing.length === 0)) return true;
    const reason = isRoot() ? `missing: ${missing.join(', ')}` : 'it needs root';
    console.error(`test: project "${project}" is left out: ${reason}`);
    return false;
  });
}

async function runProject(project, rest) {
  console.log(`\ntest: project "${project}"`);
  const folder = mkdtempSync(join(tmpdir(), 'proxyfs-test-'));
  const report = join(folder, 'report.json');
  try {
    const options = ['--project', project, '--passWithNoTests', '--reporter=default', '--reporter=json'];
    const args = [tool('vitest/vitest.mjs'), 'run', ...options, `--outputFile.json=${report}`, ...rest];
    const code = await run(process.execPath, args);
    const counts = existsSync(report) ? count(JSON.parse(readFileSync(report, 'utf8'))) : count({});
    // A crash, an unhandled rejection or a failing teardown shows in the exit code alone.
    if (code !== 0 && counts.failed === 0) {
      console.error(`test: project "${project}" ended with code ${code} though no test failed`);
      counts.failed += 1;
    }
    return counts;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

// A file that could not be loaded, or whose hooks failed, has no failed test of its own: the file counts as one.
function count({ testResults = [] }) {
  const total = { passed: 0, failed: 0, skipped: 0, failures: [] };
  for (const file of testResults) {
    const states = file.assertionResults.map((result) => result.status);
    const failed = states.filter((state) => state === 'failed').length;
    total.passed += states.filter((state) => state === 'passed').length;
    total.failed += failed === 0 && file.status === 'failed' ? 1 : failed;
    total.skipped += states.filter((state) => state !== 'passed' && state !== 'failed').length;
    total.failures.push(...failuresOf(file));
  }
  return total;
}

function failuresOf({ name, status, message, assertionResults }) {
  const file = relative(process.cwd(), name);
  const failed = assertionResults.filter((result) => result.status === 'failed');
  if (failed.length === 0 && status === 'failed') return [{ file, title: 'the file itself', message }];
  return failed.map((result) => ({
    file,
    title: result.fullName,
    message: result.failureMessages.join('\n'),
  }));
}

function add(total, counts) {
  for (const key of Object.keys(total)) total[key] += counts[key];
}
