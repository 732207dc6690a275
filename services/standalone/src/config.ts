import { gatewayConfig } from '@tolem/gateway';
import { ConfigurationError, defineConfig, type Environment, processFields } from '@tolem/observability';
import type { StartService } from '@tolem/provider-kit';
import { HOSTED_PROVIDERS } from './hosted-providers.ts';

/** What the process as a whole can be told. */
export const processConfig = defineConfig(processFields);

/** The configuration of every service in this process. */
export interface StandaloneConfig {
  readonly process: ReturnType<typeof processConfig.load>;
  readonly gateway: ReturnType<typeof gatewayConfig.load>;
  /** How each provider service starts, by name: its configuration has been read. */
  readonly providers: ReadonlyMap<string, StartService>;
}

/** Reads the configuration of all services; every mistake of all of them is in the one error. */
export function loadConfig(environment: Environment): StandaloneConfig {
  const errors: ConfigurationError[] = [];
  const attempt = <T>(load: (environment: Environment) => T): T | undefined => {
    try {
      return load(environment);
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      errors.push(error);
      return undefined;
    }
  };
  const process = attempt((from) => processConfig.load(from));
  const gateway = attempt((from) => gatewayConfig.load(from));
  const providers = new Map<string, StartService>();
  for (const provider of HOSTED_PROVIDERS) {
    const start = attempt((from) => provider.configure(from));
    if (start !== undefined) providers.set(provider.name, start);
  }
  if (process !== undefined && gateway !== undefined && errors.length === 0) return { process, gateway, providers };
  const mistakes = errors.flatMap((error) => [...error.mistakes]);
  const named = new Map(mistakes.map((mistake) => [mistake.variable, mistake]));
  throw new ConfigurationError([...named.values()], [...new Set(errors.flatMap((error) => [...error.hints]))]);
}

/** The process' environment. */
export const environment: Environment = process.env;
