export { type Finding, runTextChecks, TEXT_CHECKS, type TextCheck } from './text-checks.ts';
export { type JestProblem, type JestResults, readJestResults } from './jest-results.ts';
