export interface ConfigurationMistake {
  variable: string;
  /** What is wrong; never the value of a secret. */
  problem: string;
  /** What the variable is for and what it takes. */
  expected: string;
}

/** Every mistake of a configuration at once, so that one look and one edit are enough. */
export class ConfigurationError extends Error {
  constructor(
    readonly mistakes: readonly ConfigurationMistake[],
    readonly hints: readonly string[] = [],
  ) {
    const lines = mistakes.map(({ variable, problem, expected }) => `  ${variable}: ${problem}. Expected: ${expected}`);
    const count = mistakes.length === 1 ? 'one mistake' : `${mistakes.length} mistakes`;
    super([`The configuration has ${count}:`, ...lines, ...hints.map((hint) => `  Hint: ${hint}`)].join('\n'));
    this.name = 'ConfigurationError';
  }
}
