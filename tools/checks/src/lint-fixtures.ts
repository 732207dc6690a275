import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ESLint, type Linter } from 'eslint';
import { refreshProjectGraph } from './refresh-project-graph.ts';

/** What the lint says about one fixture, beside what its first two lines ask for. */
export interface LintedFixture {
  name: string;
  /** Where the fixture pretends to live, relative to the root. */
  as: string;
  /** `undefined`: the fixture is an allowed example. */
  expected: { rule: string; message: string } | undefined;
  problems: { rule: string | null; message: string }[];
}

/** Printed as one line of JSON by this file when it runs as a process. */
export interface LintedFixtures {
  /** Rules that eslint.config.js itself asks for, the preset aside. */
  rulesOfTheHouse: string[];
  /** Nx tags whose imports are bounded. */
  boundedTags: string[];
  fixtures: LintedFixture[];
}

interface HouseConfig {
  default: readonly (Linter.Config & { name?: string })[];
  mayImport: Readonly<Record<string, readonly string[]>>;
}

const readFixture = (text: string): Pick<LintedFixture, 'as' | 'expected'> => {
  const as = /^\/\/ as: (.+)$/m.exec(text)?.[1];
  const expect = /^\/\/ expect: (.+)$/m.exec(text)?.[1];
  if (as === undefined || expect === undefined) throw new Error('a fixture starts with "// as:" and "// expect:"');
  if (expect === 'nothing') return { as, expected: undefined };
  const [rule = '', message = ''] = expect.split(' | ');
  return { as, expected: { rule, message } };
};

const lintFixtures = async (root: string, folder: string): Promise<LintedFixtures> => {
  refreshProjectGraph(root);
  const config = (await import(pathToFileURL(join(root, 'eslint.config.js')).href)) as HouseConfig;
  const ofTheHouse = config.default.filter((part) => part.name === undefined);
  const eslint = new ESLint({ cwd: root });
  const fixtures: LintedFixture[] = [];
  for (const file of readdirSync(folder).sort()) {
    const text = readFileSync(join(folder, file), 'utf8');
    const asked = readFixture(text);
    const [result] = await eslint.lintText(text, { filePath: join(root, asked.as), warnIgnored: true });
    const problems = (result?.messages ?? []).filter((problem) => problem.ruleId !== null || problem.severity === 2);
    fixtures.push({
      name: basename(file, '.ts'),
      ...asked,
      problems: problems.map((problem) => ({ rule: problem.ruleId, message: problem.message })),
    });
  }
  return {
    rulesOfTheHouse: [...new Set(ofTheHouse.flatMap((part) => Object.keys(part.rules ?? {})))],
    boundedTags: Object.keys(config.mayImport),
    fixtures,
  };
};

if (import.meta.main) {
  const [root = '', folder = ''] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(await lintFixtures(root, folder))}\n`);
}
