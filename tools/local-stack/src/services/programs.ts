import { join } from 'node:path';
import { REPOSITORY } from '../tolem-folder/tolem-folder.ts';
import { GATEWAY, SERVICES } from './stack-env.ts';

/** A migrate command, run with the variables of its service. */
export interface Migration {
  service: string;
  name: string;
  script: string;
}

/** The scripts of a house whose services share one process; migrations run in this order. */
export interface HousePrograms {
  migrations: readonly Migration[];
  sandbox: string;
  services: string;
}

/** The scripts of a house where every service is a process of its own. */
export interface StackPrograms {
  migrations: readonly Migration[];
  sandbox: string;
  /** Makes the topics of the bus. */
  topics: string;
  egressProxy: string;
  /** By name of the service. */
  services: Readonly<Record<string, string>>;
}

const compiled = (service: string, file: string): string => join(REPOSITORY, 'services', service, 'dist', file);

const MIGRATIONS: readonly Migration[] = SERVICES.map((service) => ({
  service,
  name: `${service} migrations`,
  script: compiled(service, 'migrate.js'),
}));
const SANDBOX = join(REPOSITORY, 'tools/sandbox/dist/main.js');

export const HOUSE_PROGRAMS: HousePrograms = {
  migrations: MIGRATIONS,
  sandbox: SANDBOX,
  services: compiled('standalone', 'main.js'),
};

export const STACK_PROGRAMS: StackPrograms = {
  migrations: MIGRATIONS,
  sandbox: SANDBOX,
  // Plain Node without imports of ours: it runs as it is written.
  egressProxy: join(REPOSITORY, 'tools/local-stack/egress-proxy/egress-proxy.ts'),
  topics: compiled(GATEWAY, 'topics.js'),
  services: Object.fromEntries(SERVICES.map((service) => [service, compiled(service, 'main.js')])),
};
