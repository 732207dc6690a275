import pg from 'pg';
import { DATABASE } from './stack-env.ts';

/** Creates the house's database at first start. */
export async function ensureDatabase(adminUrl: string): Promise<'created' | 'kept'> {
  const client = new pg.Client({
    connectionString: adminUrl,
    connectionTimeoutMillis: 10_000,
    statement_timeout: 60_000,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const known = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [DATABASE]);
    if (known.rowCount !== 0) return 'kept';
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(DATABASE)}`);
    return 'created';
  } finally {
    await client.end();
  }
}
