/** PostgreSQL for services: connections by role, migrations, the outbox, encryption and the vault. */
import { fileURLToPath } from 'node:url';

export * from './database.ts';
export * from './database-errors.ts';
export * from './master-key.ts';
export * from './migrate.ts';
export * from './outbox.ts';
export * from './sealer.ts';
export * from './vault.ts';
export * from './vault-access.ts';
export * from './vault-secret.ts';
export * from './vault-versions.ts';

/** Folder of the migrations that every service runs before its own: outbox and dead letters. */
export const OUTBOX_MIGRATIONS = fileURLToPath(new URL('./sql', import.meta.url));
