import { ConfigurationError } from './config-error.ts';
import type { Environment } from './define-config.ts';

type Loader = (environment: Environment) => unknown;
export type LoadedTogether<T extends Readonly<Record<string, Loader>>> = {
  readonly [K in keyof T]: ReturnType<T[K]>;
};

/**
 * Reads several configurations of one process, each with its own loader, by the same names.
 * @throws ConfigurationError that names every mistake of all of them, a variable that several share once
 */
export function loadTogether<const T extends Readonly<Record<string, Loader>>>(
  environment: Environment,
  loaders: T,
): LoadedTogether<T> {
  const errors: ConfigurationError[] = [];
  const loaded = Object.entries(loaders).map(([name, load]): [string, unknown] => {
    try {
      return [name, load(environment)];
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      errors.push(error);
      return [name, undefined];
    }
  });
  if (errors.length > 0) {
    const mistakes = new Map(errors.flatMap((error) => error.mistakes.map((mistake) => [mistake.variable, mistake])));
    throw new ConfigurationError([...mistakes.values()], [...new Set(errors.flatMap((error) => [...error.hints]))]);
  }
  // Every name was loaded by its own loader just above.
  return Object.fromEntries(loaded) as LoadedTogether<T>;
}
