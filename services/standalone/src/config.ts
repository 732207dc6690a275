import { gatewayConfig } from '@tolem/gateway';
import { kaspiConfig } from '@tolem/kaspi';
import { ConfigurationError, defineConfig, type Environment, processFields } from '@tolem/observability';

/** What the process as a whole can be told. */
export const processConfig = defineConfig(processFields);

/** The configuration of every service in this process. */
export interface StandaloneConfig {
  readonly process: ReturnType<typeof processConfig.load>;
  readonly gateway: ReturnType<typeof gatewayConfig.load>;
  readonly kaspi: ReturnType<typeof kaspiConfig.load>;
}

/** Reads the configuration of all services; every mistake of all of them is in the one error. */
export function loadConfig(environment: Environment): StandaloneConfig {
  const errors: ConfigurationError[] = [];
  const load = <T>(definition: { load(environment: Environment): T }): T | undefined => {
    try {
      return definition.load(environment);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const process = load(processConfig);
  const gateway = load(gatewayConfig);
  const kaspi = load(kaspiConfig);
  if (process !== undefined && gateway !== undefined && kaspi !== undefined) return { process, gateway, kaspi };
  const mistakes = errors.flatMap((error) => [...error.mistakes]);
  const named = new Map(mistakes.map((mistake) => [mistake.variable, mistake]));
  throw new ConfigurationError([...named.values()], [...new Set(errors.flatMap((error) => [...error.hints]))]);
}

/** The process' environment. */
export const environment: Environment = process.env;
