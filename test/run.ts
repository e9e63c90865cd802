/**
 * `npm test`: unit and behaviour tests, then the end-to-end specs in Chromium, then the same specs and the desktop's own in Electron, once
 * in the development build and once in the packed program with those of the package itself.
 *
 * What a machine lacks is said in one line and passed over; the last line sums everything up. `node test/run.ts unit|browser|desktop|packed` runs parts.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { ensureBuilt } from '#web/built';
import { findChromium, findElectron, findXvfbRun } from './e2e/fixtures/binaries.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** One line for each failed test: file, name and the first line of its message. */
  readonly failures: readonly string[];
  /** The same for tests that passed only when they were run again. */
  readonly wobbles: readonly string[];
}

interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
}

type Part = 'unit' | 'browser' | 'desktop' | 'packed';

const ROOT = path.resolve(import.meta.dirname, '..');
const VITEST = path.join(ROOT, 'node_modules/vitest/vitest.mjs');
const NOTHING: Counts = { passed: 0, failed: 0, skipped: 0, failures: [], wobbles: [] };

const sum = (a: Counts, b: Counts): Counts => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
  failures: [...a.failures, ...b.failures],
  wobbles: [...a.wobbles, ...b.wobbles],
});

/** A test that fails is run once more: with real processes on a machine under load one in a thousand wobbles, which the last lines then tell. */
const TRIES_MORE = 1;

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function runProcess(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'], env });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

type TestResult = Report['testResults'][number]['assertionResults'][number];

function linesOf(report: Report, chosen: (test: TestResult) => boolean): readonly string[] {
  return report.testResults.flatMap((file) =>
    file.assertionResults
      .filter(chosen)
      .map(
        (test) =>
          `${path.relative(ROOT, file.name)} > ${test.fullName}: ${firstLine(test.failureMessages?.[0])}`,
      ),
  );
}

const firstLine = (text = ''): string => text.split('\n')[0] ?? '';

/** A file that could not be loaded holds no test that failed. */
const brokenFiles = (report: Report): readonly string[] =>
  report.testResults
    .filter(
      (file) => file.status === 'failed' && file.assertionResults.every(({ status }) => status !== 'failed'),
    )
    .map((file) => `${path.relative(ROOT, file.name)}: ${firstLine(file.message)}`);

/** Runs vitest and reads its counts from its JSON report. A run without a report is one failure. */
async function vitest(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  wrapper: readonly string[] = [],
): Promise<Counts> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'lofi-test-'));
  const report = path.join(folder, 'report.json');
  const [command, ...before] = [...wrapper, process.execPath];
  const code = await runProcess(
    command ?? process.execPath,
    [
      ...before,
      VITEST,
      'run',
      ...args,
      `--retry=${TRIES_MORE}`,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ],
    { ...process.env, ...env },
  );
  try {
    const counts = JSON.parse(await readFile(report, 'utf8')) as Report;
    const failed = counts.numFailedTests;
    return {
      passed: counts.numPassedTests,
      // A file that cannot be loaded, or an unhandled rejection, fails the run without a failed test.
      failed: failed === 0 && code !== 0 ? 1 : failed,
      skipped: counts.numPendingTests + counts.numTodoTests,
      failures: [...brokenFiles(counts), ...linesOf(counts, ({ status }) => status === 'failed')],
      wobbles: linesOf(
        counts,
        ({ status, failureMessages }) => status === 'passed' && (failureMessages ?? []).length > 0,
      ),
    };
  } catch {
    say('The test run ended without a report.');
    return { ...NOTHING, failed: 1 };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const e2eArgs = (part: Part): readonly string[] => ['--config', `test/e2e/${part}.config.ts`];

async function runBrowser(): Promise<Counts> {
  const chromium = await findChromium();
  if (chromium === null) {
    say('End-to-end specs in a browser: left out, no Chromium here (set LOFI_CHROMIUM).');
    return NOTHING;
  }
  await ensureBuilt(say, ['page', 'web']);
  return vitest(e2eArgs('browser'), { LOFI_CHROMIUM: chromium });
}

/** Finds what Electron needs and runs specs in it. */
async function inElectron(
  run: (electron: string, wrapper: readonly string[]) => Promise<Counts>,
): Promise<Counts> {
  const electron = await findElectron();
  if (electron === null) {
    say('Specs of the desktop program: left out, no Electron binary here (set LOFI_ELECTRON).');
    return NOTHING;
  }
  const needsDisplay = process.platform === 'linux' && (process.env['DISPLAY'] ?? '') === '';
  const xvfb = needsDisplay ? await findXvfbRun() : null;
  if (needsDisplay && xvfb === null) {
    say('Specs of the desktop program: left out, no display and no xvfb-run here.');
    return NOTHING;
  }
  await ensureBuilt(say, ['page', 'web', 'electron', 'node', 'cli']);
  return run(electron, xvfb === null ? [] : [xvfb, '-a']);
}

const runDevelopment = (electron: string, wrapper: readonly string[]): Promise<Counts> =>
  vitest(e2eArgs('desktop'), { LOFI_ELECTRON: electron }, wrapper);

/** Packs once, into a folder with a space and a letter that is not ASCII, and runs the specs of both shells on what was packed. */
async function runPacked(electron: string, wrapper: readonly string[]): Promise<Counts> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'lofi packed ü '));
  try {
    const { openForInspection, packForTests } = await import('./e2e/fixtures/packed.ts');
    const program = await packForTests(path.join(folder, 'release'));
    const inspectable = await openForInspection(program, path.join(folder, 'with inspector'));
    const packed = { LOFI_ELECTRON: electron, LOFI_PACKED: inspectable, LOFI_PACKED_DIR: program };
    return await vitest(e2eArgs('packed'), packed, wrapper);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const PARTS: Readonly<Record<Part, () => Promise<Counts>>> = {
  unit: () => vitest([]),
  browser: runBrowser,
  desktop: () => inElectron(runDevelopment),
  packed: () => inElectron(runPacked),
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(PARTS, name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no part "${unknown.join('", "')}"; there are ${Object.keys(PARTS).join(', ')}.\n`,
  );
  process.exit(2);
}
let total = NOTHING;
for (const [name, run] of Object.entries(PARTS)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  let counts: Counts;
  try {
    counts = await run();
  } catch (error) {
    say(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    counts = { ...NOTHING, failed: 1 };
  }
  total = sum(total, counts);
}
for (const wobble of total.wobbles) say(`passed at the second try only: ${wobble}`);
for (const failure of total.failures) say(`failed: ${failure}`);
say(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
// Said outright: packing leaves a handler behind that ends a process with 0, whatever exit code was set.
process.exit(total.failed > 0 ? 1 : 0);
