import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HouseCopy } from './house-copy.ts';
import { type Step, stepsOf, vocabularyOf } from './page.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../../../docs/adding-a-provider.md'), 'utf8');
const STEPS = stepsOf(PAGE);
const TIMEOUT_MS = 300_000;

/** As long as names may be, so that every line is as long as it can get. */
const LONG = `a${'very'.repeat(7)}1a`;
/** Specs that look at the whole list of providers, and cost little. */
const OF_THE_LIST = [
  'libs/contracts/src/asyncapi.spec.ts',
  'services/standalone/test/configuration.spec.ts',
  'tools/local-stack/src/services/stack-env.spec.ts',
  'tools/new-provider/src/make-provider.spec.ts',
];
const FOLDERS = `services/acme services/${LONG}`;

/** For each explained type a table with exactly its words: the compiler refuses one too many and one too few. */
function vocabularyCheck(vocabulary: ReadonlyMap<string, readonly string[]>): string {
  const types = [...vocabulary.keys()];
  const tables = [...vocabulary].map(
    ([type, words]) =>
      `export const of${type}: Record<WordOf<${type}>, true> = { ${words.map((word) => `${word}: true`).join(', ')} };`,
  );
  return `import type { ${types.join(', ')} } from '@tolem/provider-kit';
type WordOf<T> = T extends { readonly is: infer Word extends string } ? Word : T extends string ? T : never;
${tables.join('\n')}
`;
}

describe('docs/adding-a-provider.md', () => {
  let house: HouseCopy;
  const printed = new Map<Step, string>();
  let changed: readonly string[] = [];

  beforeAll(async () => {
    house = await HouseCopy.make();
    await house.run(
      `node tools/new-provider/src/main.ts ${LONG} --title "Очень длинное имя (АО) & Co., Ltd. - 2" --country RU --entry`,
    );
    for (const step of STEPS) if (step.do !== 'compile') printed.set(step, await house.follow(step));
    changed = await house.changedFiles();
    const examples = STEPS.filter((step) => step.do === 'compile');
    for (const [index, { text }] of examples.entries()) await house.write(`page/example-${index}.ts`, text);
    await house.write('page/vocabulary.ts', vocabularyCheck(vocabularyOf(PAGE)));
    const include = [`services/acme`, `services/${LONG}`, 'page'].map((folder) => `${folder}/**/*.ts`);
    await house.write('tsconfig.page.json', JSON.stringify({ extends: './tsconfig.base.json', include }));
  }, TIMEOUT_MS);
  afterAll(() => house.remove());

  it('leads from nothing to two payment methods and their passing tests', () => {
    const ran = (part: string): string =>
      [...printed].flatMap(([step, text]) => (step.do === 'run' && step.command.includes(part) ? [text] : [])).join('');
    expect(ran('npm run new-provider')).toContain('services/acme/src/acme-qr.ts');
    expect(ran('grep -rn ASSUMPTION')).toContain('services/acme/src/client/wire.ts');
    expect(STEPS.map((step) => step.do)).toEqual(
      expect.arrayContaining(['run', 'write', 'insert', 'replace_entry', 'compile']),
    );
  });

  it('and changes one folder, one entry of the list and the generated pages, nothing else', () => {
    const besides = changed.filter((file) => !/^services\/(\w+)\//.test(file));
    expect(besides).toEqual(['docs/asyncapi.json', 'docs/configuration.md', 'libs/contracts/src/providers.ts']);
    const folders = new Set(changed.map((file) => /^services\/\w+/.exec(file)?.[0]).filter((found) => found));
    expect([...folders]).toEqual(FOLDERS.split(' '));
  });

  it('explains every word that a provider may use', () => {
    expect([...vocabularyOf(PAGE).keys()].sort()).toEqual(
      ['CheckOutcome', 'DeviceOutcome', 'EffectKind', 'Noted', 'Resolution', 'StartOutcome', 'VerifyOutcome'].sort(),
    );
  });

  it(
    'leads to code that the compiler, the lint and the format check accept, whatever the name',
    async () => {
      await house.run('node node_modules/nx/dist/bin/nx.js show projects --json');
      const [, lint] = await Promise.all([
        house.run('node node_modules/typescript/bin/tsc -p tsconfig.page.json'),
        house.run(`node node_modules/eslint/bin/eslint.js ${FOLDERS} libs/contracts/src --max-warnings=0`),
      ]);
      expect(lint).not.toContain('The rule will be skipped');
      await house.run(`node node_modules/prettier/bin/prettier.cjs --check ${FOLDERS} libs/contracts/src`);
    },
    TIMEOUT_MS,
  );

  it(
    'leaves every spec green that knows the whole list, and the generated tests for another country and the longest name',
    async () => {
      await house.linkWorkspace();
      const specs = [`services/${LONG}/src`, ...OF_THE_LIST].join(' ');
      await house.run(`node --experimental-vm-modules node_modules/jest/bin/jest.js --runInBand ${specs}`);
    },
    TIMEOUT_MS,
  );
});
