import { fileURLToPath } from 'node:url';
import { type Check, failedOnce, passedOnce } from './check.ts';
import { heavySpecs } from './heavy-specs.ts';
import { jestCheck } from './jest-check.ts';
import { refreshProjectGraph } from './refresh-project-graph.ts';
import { runNodeTool, type ToolOrder, troubleOf } from './run-node-tool.ts';
import { storesCheck } from './stores-check.ts';
import { runTextChecks, TEXT_CHECKS } from './text-checks.ts';

/** Specs that start processes or whole services; `npm run test:quick` leaves them out. */
export const SLOW_SPECS = ['/node_modules/', '/test/e2e/', '\\.(e2e|service|slow)\\.spec\\.ts$'];

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = 'node_modules/.cache/tolem';

const toolCheck = (title: string, order: ToolOrder): Check => ({
  title,
  run: async (context) => {
    const end = await runNodeTool(context, order);
    const trouble = troubleOf(end);
    if (trouble === undefined) return passedOnce;
    if ('output' in end) context.say(end.output);
    return failedOnce(`${title} ${trouble}, see above`);
  },
});

const format: Check = toolCheck('format', {
  gentle: true,
  script: 'prettier/bin/prettier.cjs',
  args: ['--check', '.', '--log-level=warn', '--cache', `--cache-location=${CACHE}/prettier`],
});

const types: Check = toolCheck('types', {
  gentle: true,
  script: 'typescript/bin/tsc',
  args: ['-p', 'tsconfig.json', '--incremental', '--tsBuildInfoFile', `${CACHE}/types.tsbuildinfo`],
});

const build: Check = toolCheck('build', {
  script: 'nx/dist/bin/nx.js',
  args: ['run-many', '-t', 'build', '--parallel=2', '--outputStyle=static'],
});

const lint = (more: readonly string[]): Check => ({
  title: 'lint',
  run: async (context) => {
    try {
      refreshProjectGraph(context.root);
    } catch (error) {
      return failedOnce(`lint has no project graph to judge imports by: ${String(error)}`);
    }
    const end = await runNodeTool(context, {
      gentle: true,
      script: 'eslint/bin/eslint.js',
      args: ['.', '--max-warnings=0', ...more],
    });
    const trouble = troubleOf(end);
    if ('output' in end && end.output !== '') context.say(end.output);
    if (trouble !== undefined) return failedOnce(`lint ${trouble}, see above`);
    // Without a project graph the boundary rule passes everything, and says so in passing.
    if ('output' in end && end.output.includes('The rule will be skipped')) {
      return failedOnce('lint could not judge who imports whom: the project graph was not found');
    }
    return passedOnce;
  },
});

const texts: Check = {
  title: 'texts',
  run: async ({ root }) => {
    const findings = runTextChecks(root);
    const broken = new Set(findings.map(({ check }) => check));
    return {
      passed: TEXT_CHECKS.length - broken.size,
      failed: broken.size,
      problems: findings.map(({ path, line, check, remedy }) => `${path}:${line} ${check}: ${remedy}`),
    };
  },
};

/**
 * Everything, in phases; the checks of one phase run side by side. Specs wait for clocks and processes about a quarter of
 * their time, in which the others fit.
 */
export const fullChecks: readonly (readonly Check[])[] = [
  [storesCheck],
  [texts],
  [build],
  [{ ...jestCheck(), main: true }, format, lint([]), types],
];

/** The inner loop: the same checks with their caches, without the build and without the specs that need it. */
export const quickChecks: readonly (readonly Check[])[] = [
  [texts],
  [lint(['--cache', '--cache-strategy=content', `--cache-location=${CACHE}/eslint/`]), types],
  [jestCheck([...SLOW_SPECS, ...heavySpecs(ROOT)])],
];
