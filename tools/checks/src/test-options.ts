export type TestOptions =
  { is: 'run'; quick: boolean; budgetMs: number } | { is: 'help' } | { is: 'refused'; why: string };

const DEFAULT_BUDGET_MS = 11 * 60_000;

export const TEST_HELP = `npm test                     everything: what Kafka and Redis need, format, texts, lint, types, build, all specs
npm run test:quick           the inner loop: texts, lint, types and the specs that need no build
  -- --minutes N             ends the run after N minutes (1 to 120, by default 11)
  -- --help                  this text
A single spec: npm run jest -- libs/domain/src/money.spec.ts
`;

/** Reads the words after the command. */
export const readTestOptions = (words: readonly string[]): TestOptions => {
  let quick = false;
  let budgetMs = DEFAULT_BUDGET_MS;
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--help') return { is: 'help' };
    if (word === '--quick') {
      quick = true;
    } else if (word === '--minutes') {
      const text = rest.shift() ?? '';
      const minutes = /^\d{1,3}$/.test(text) ? Number(text) : 0;
      if (minutes < 1 || minutes > 120) return { is: 'refused', why: `--minutes takes a number from 1 to 120` };
      budgetMs = minutes * 60_000;
    } else {
      return { is: 'refused', why: `unknown option ${word}: see npm test -- --help` };
    }
  }
  return { is: 'run', quick, budgetMs };
};
