import type { ConfigDefinition, ConfigFields, ConfigOf, ConfigRow, Environment } from '@tolem/observability';
import type { ProviderSurroundings, RunningProvider } from './provider-service.ts';

/** What the process that hosts a provider service lends it. */
export interface HostSurroundings extends Omit<
  ProviderSurroundings,
  'masterKeys' | 'databaseUrl' | 'databasePoolSize' | 'settings'
> {
  /** True where no other process runs this service. */
  readonly alone: boolean;
}

export type StartService = (around: HostSurroundings) => Promise<RunningProvider>;

/** What the package `@tolem/<name>` exports as `service`: all that a host needs to know of it. */
export interface ProviderPackage {
  readonly name: string;
  /** Its variables, for the documentation. */
  describe(): readonly ConfigRow[];
  /** Reads its configuration. @throws ConfigurationError that names every mistake. */
  configure(environment: Environment): StartService;
}

export function providerPackage<Fields extends ConfigFields>(
  name: string,
  config: ConfigDefinition<Fields>,
  start: (config: ConfigOf<Fields>, around: HostSurroundings) => Promise<RunningProvider>,
): ProviderPackage {
  return {
    name,
    describe: () => config.describe(),
    configure(environment) {
      const loaded = config.load(environment);
      return (around) => start(loaded, around);
    },
  };
}
