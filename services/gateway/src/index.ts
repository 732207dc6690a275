/** The public API as other processes start it: `migrateGateway` once per release, then `startGateway`. */
export { type GatewayConfig, gatewayConfig, type ProviderUrls } from './config.ts';
export { type RunningGateway, type SharedParts, startGateway } from './gateway.ts';
export { type GatewayMigration, migrateGateway } from './migrate-gateway.ts';
