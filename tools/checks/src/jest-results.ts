import type { SpecTime } from './time-budget.ts';

/** What one run of jest came to, read from the file that `--json --outputFile` writes. */
export interface JestResults {
  passed: number;
  /** Failed tests, with every spec file that could not be loaded counted as one. */
  failed: number;
  /** Tests that stand in a file and did not run: skipped, planned, or left aside by a focused one. */
  notRun: number;
  problems: JestProblem[];
  /** How long each file took, from the moment when a worker took it. */
  specs: SpecTime[];
}

export interface JestProblem {
  /** `path › name of the test` */
  title: string;
  detail: string;
}

const PROBLEM_CHARACTERS = 4_000;

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const numberOf = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : 0);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
const listOf = (value: unknown): Fields[] => (Array.isArray(value) ? value.filter(isFields) : []);
// Colours are of no use in a list of problems, nor are the stack frames of the runner.
const COLOURS = new RegExp(`${String.fromCharCode(27)}\\[[0-9;]*m`, 'g');
const RUNNER_FRAMES = /^ +at .*\/node_modules\/.*\n?/gm;
const plain = (text: string): string =>
  text.replaceAll(COLOURS, '').replaceAll(RUNNER_FRAMES, '').slice(0, PROBLEM_CHARACTERS);

const pathOf = (file: Fields, root: string): string => textOf(file['name']).replace(`${root}/`, '');

const problemsOfFile = (file: Fields, root: string): JestProblem[] => {
  const path = pathOf(file, root);
  const tests = listOf(file['assertionResults']);
  const failed = tests.filter((test) => test['status'] === 'failed');
  if (failed.length === 0 && file['status'] === 'failed') {
    return [{ title: `${path} › did not run`, detail: plain(textOf(file['message'])) }];
  }
  return failed.map((test) => ({
    title: `${path} › ${textOf(test['fullName'])}`,
    detail: plain((Array.isArray(test['failureMessages']) ? test['failureMessages'] : []).map(textOf).join('\n')),
  }));
};

const notRunInFile = (file: Fields, root: string): JestProblem[] =>
  listOf(file['assertionResults'])
    .filter((test) => !['passed', 'failed'].includes(textOf(test['status'])))
    .map((test) => ({
      title: `${pathOf(file, root)} › ${textOf(test['fullName'])}`,
      detail: `did not run (${textOf(test['status'])}): a skipped, planned or focused test stands in this file`,
    }));

/**
 * Reads jest's own report.
 *
 * @param text content of the output file; @param root folder to leave out of paths.
 * @returns undefined when the text is no report of jest: jest crashed while writing, or wrote nothing.
 */
export const readJestResults = (text: string, root: string): JestResults | undefined => {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isFields(report) || !Array.isArray(report['testResults'])) return undefined;
  const files = listOf(report['testResults']);
  const tests = files.flatMap((file) => listOf(file['assertionResults']));
  const failures = files.flatMap((file) => problemsOfFile(file, root));
  const idle = files.flatMap((file) => notRunInFile(file, root));
  return {
    passed: tests.filter((test) => test['status'] === 'passed').length,
    failed: failures.length,
    notRun: idle.length,
    problems: [...failures, ...idle],
    specs: files.map((file) => ({
      path: pathOf(file, root),
      ms: Math.max(0, numberOf(file['endTime']) - numberOf(file['startTime'])),
    })),
  };
};
