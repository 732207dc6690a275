import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { migrate, roleOfUrl } from './migrate.ts';

/**
 * Who may do what with the vault: the gateway puts secrets in, a provider's service reads those of its provider, makes
 * private keys for it and moves their versions. Nobody removes any.
 */
export type VaultAccess = { readonly writes: true } | { readonly readsProvider: string };

/** The columns that change while a version moves: whose it is and what it belongs to never do. */
const MOVES = ['cipher', 'state', 'not_after', 'fingerprint', 'seq', 'updated_at'];

/** Makes the vault where it is missing and lets one role in. Repeating it changes nothing. */
export async function openVaultTo(adminUrl: string, roleUrl: string, access: VaultAccess): Promise<void> {
  await migrate({
    adminUrl,
    schema: 'vault',
    roles: [],
    directories: [fileURLToPath(new URL('./vault-sql', import.meta.url))],
  });
  const { name } = roleOfUrl(roleUrl);
  const role = pg.escapeIdentifier(name);
  const policy = pg.escapeIdentifier(`credential_${name}`);
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await client.query('BEGIN');
    await client.query('LOCK TABLE vault.credential IN SHARE ROW EXCLUSIVE MODE');
    await client.query(`GRANT USAGE ON SCHEMA vault TO ${role}`);
    await client.query(`GRANT SELECT, INSERT ON vault.data_key TO ${role}`);
    await client.query(`DROP POLICY IF EXISTS ${policy} ON vault.credential`);
    if ('writes' in access) {
      await client.query(`GRANT INSERT ON vault.credential TO ${role}`);
      await client.query(`CREATE POLICY ${policy} ON vault.credential FOR INSERT TO ${role} WITH CHECK (true)`);
    } else {
      await client.query(`GRANT SELECT, INSERT, UPDATE (${MOVES.join(', ')}) ON vault.credential TO ${role}`);
      // Without FOR and WITH CHECK it holds for what is read, what is written and what it becomes.
      await client.query(
        `CREATE POLICY ${policy} ON vault.credential TO ${role} USING (provider = ${pg.escapeLiteral(access.readsProvider)})`,
      );
    }
    await client.query('COMMIT');
  } finally {
    await client.end();
  }
}
