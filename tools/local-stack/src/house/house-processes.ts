import type { Child } from '../processes/child.ts';
import type { Stores } from '../stores/stores.ts';
import type { HouseProcess } from './distributed-house-input.ts';
import type { ServiceReplicas } from './service-replicas.ts';

/** What runs once at most. */
export interface Alone {
  sandbox: Child | undefined;
  proxy: Child | undefined;
}

/** What runs at this moment: services, stores, the sandbox, the egress proxy. */
export function houseProcesses(services: ServiceReplicas, stores: Stores, alone: Alone): HouseProcess[] {
  const one = { replica: 1, managementUrl: undefined };
  return [
    ...services.processes().map(({ url: _, ...service }) => ({ ...service, role: 'service' as const })),
    ...stores.processes().map((store) => ({ ...store, ...one, role: 'store' as const })),
    ...(['sandbox', 'proxy'] as const).flatMap((role) => {
      const child = alone[role];
      return child?.running === true
        ? [{ name: child.name, ...one, role, pid: child.pid, logFile: child.logFile }]
        : [];
    }),
  ];
}
