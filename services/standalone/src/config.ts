import { type ServicePackage } from '@tolem/service-process';
import { service as gateway } from '@tolem/gateway';
import { type Environment, loadTogether } from '@tolem/observability';
import { HOSTED_PROVIDERS } from './hosted-providers.ts';

export type StartService = ReturnType<ServicePackage['configure']>;

/** How each service of this process starts, by name, in the order in which they start: their configuration has been read. */
export type HouseOfServices = ReadonlyMap<string, StartService>;

/** Providers before the gateway, so that nothing comes in that nobody would carry out. */
const SERVICES: readonly ServicePackage[] = [...HOSTED_PROVIDERS, gateway];

/** Reads the configuration of all services. @throws ConfigurationError that names every mistake of all of them. */
export function configureServices(environment: Environment): HouseOfServices {
  const loaders = Object.fromEntries(
    SERVICES.map((service) => [service.name, (from: Environment) => service.configure(from)]),
  );
  return new Map(Object.entries(loadTogether(environment, loaders)));
}

/** The process' environment. */
export const environment: Environment = process.env;
