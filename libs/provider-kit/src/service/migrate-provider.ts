import { fileURLToPath } from 'node:url';
import { migrate, openVaultTo, OUTBOX_MIGRATIONS, roleOfUrl } from '@tolem/persistence';

const KIT_MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));

/**
 * Brings a provider service's schema to the newest version and opens the vault to its role, for its own credentials.
 * Every provider service has the same tables.
 */
export async function migrateProvider(
  provider: string,
  urls: { readonly adminUrl: string; readonly databaseUrl: string },
  onApplied?: (name: string) => void,
): Promise<readonly string[]> {
  const role = roleOfUrl(urls.databaseUrl);
  const applied = await migrate({
    adminUrl: urls.adminUrl,
    schema: provider,
    roles: [role],
    directories: [OUTBOX_MIGRATIONS, KIT_MIGRATIONS],
    names: { worker: role.name },
    ...(onApplied === undefined ? {} : { onApplied }),
  });
  await openVaultTo(urls.adminUrl, urls.databaseUrl, { readsProvider: provider });
  return applied;
}
