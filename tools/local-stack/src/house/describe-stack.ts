import type { StackJson } from '../tolem-folder/local-json.ts';
import type { DistributedHouse } from './distributed-house.ts';

/** What `.tolem/local.json` says of the processes and stores of a house. */
export const describeStack = (house: DistributedHouse): StackJson => ({
  pid: process.pid,
  gateways: house.gatewayUrls,
  processes: house.processes().map(({ name, replica, role, pid, managementUrl, logFile }) => ({
    ...{ name, replica, role, pid },
    management: managementUrl ?? null,
    log: logFile,
  })),
  database_admin_url: house.databaseAdminUrl,
  brokers: [...house.brokers],
  redis_url: house.redisUrl,
  ...(house.egressProxyUrl === undefined ? {} : { egress_proxy: house.egressProxyUrl }),
  logs: house.folder.logs,
});
