import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { migrate, openVaultTo, OUTBOX_MIGRATIONS, roleOfUrl } from '@tolem/persistence';

export interface GatewayMigration {
  /** A role that may create roles and schemas. */
  readonly adminUrl: string;
  /** The role of the public API; made where missing. */
  readonly databaseUrl: string;
  /** The worker role; made where missing. */
  readonly workerDatabaseUrl: string;
  readonly onApplied?: (name: string) => void;
}

const HERE = fileURLToPath(new URL('.', import.meta.url));

/** Brings the schema `gateway` to the newest version and opens the vault to it; returns the names of what was applied. */
export async function migrateGateway(options: GatewayMigration): Promise<readonly string[]> {
  const app = roleOfUrl(options.databaseUrl);
  const worker = roleOfUrl(options.workerDatabaseUrl);
  const applied = await migrate({
    adminUrl: options.adminUrl,
    schema: 'gateway',
    roles: [app, worker],
    directories: [OUTBOX_MIGRATIONS, join(HERE, 'migrations')],
    functionsUnder: HERE,
    names: { app: app.name, worker: worker.name },
    ...(options.onApplied === undefined ? {} : { onApplied: options.onApplied }),
  });
  // Certificates are the operator's, who works under the worker role; the public API's role never touches the vault.
  await openVaultTo(options.adminUrl, options.workerDatabaseUrl, { writes: true });
  return applied;
}
