import { DistributedHouse, forgetStack, stackFolder, tolemFolder } from '@tolem/local-stack';
import type { OpenHouse } from './open-house.ts';

const REPLICAS = new Map([
  ['kaspi', 2],
  ['gateway', 2],
]);

/** Two of each service as processes of their own, over real Kafka, Redis and PostgreSQL. */
export async function openDistributed(dir: string): Promise<OpenHouse> {
  const folder = stackFolder(tolemFolder(dir));
  const house = await DistributedHouse.open({ folder, durable: false, quickKafka: true, replicas: REPLICAS });
  return {
    gateways: house.gatewayUrls,
    operatorKey: house.secrets.operatorKey,
    bankControl: house.sandbox.control,
    tls: house.sandbox.tls,
    pids: house.processes().map(({ pid }) => pid),
    async close() {
      await house.close();
      await forgetStack(folder);
    },
  };
}
