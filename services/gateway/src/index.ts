import type { Environment } from '@tolem/observability';
import { gatewayConfig } from './config.ts';
import { type RunningGateway, type SharedParts, startGateway } from './gateway.ts';

/** The public API as other processes start it: `migrateGateway` once per release, then `startGateway`. */
export { type GatewayConfig, type ProviderUrls } from './config.ts';
export { type GatewayMigration, migrateGateway } from './migrate-gateway.ts';
export { gatewayConfig, type RunningGateway, type SharedParts, startGateway };

/** The service of the public API, for whoever hosts it. */
export const service = {
  name: 'gateway',
  configure(environment: Environment): (around: SharedParts) => Promise<RunningGateway> {
    const config = gatewayConfig.load(environment);
    return (around) => startGateway(config, around);
  },
};
