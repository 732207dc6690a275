import { migrate, openVaultTo, OUTBOX_MIGRATIONS, roleOfUrl } from '@tolem/persistence';
import { migrateProvider } from '@tolem/provider-kit';
import { type TestDatabase, testDatabase } from '@tolem/testing';

/** The service's own role. */
export const KASPI_ROLE = 'tolem_kaspi';
/** Puts secrets into the vault and can read none of them, like the gateway. */
export const GATEWAY_ROLE = 'tolem_spec_gateway';

/** A database with everything that the service finds in production and nothing else. */
export function kaspiDatabase(): Promise<TestDatabase> {
  return testDatabase({
    name: 'kaspi_service',
    async migrate({ adminUrl, urlOf }) {
      await migrateProvider('kaspi', { adminUrl, databaseUrl: urlOf(KASPI_ROLE) });
      await migrate({
        adminUrl,
        schema: 'spec_gateway',
        roles: [roleOfUrl(urlOf(GATEWAY_ROLE))],
        directories: [OUTBOX_MIGRATIONS],
        names: { worker: GATEWAY_ROLE },
      });
      await openVaultTo(adminUrl, urlOf(GATEWAY_ROLE), { writes: true });
    },
  });
}
