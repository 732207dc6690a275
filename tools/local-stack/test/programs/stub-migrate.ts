import { appendFileSync } from 'node:fs';
import pg from 'pg';

// A stand-in for a service's migrate command: proves that the superuser's address works.
const client = new pg.Client({ connectionString: process.env['TOLEM_DATABASE_ADMIN_URL'] ?? '' });
await client.connect();
const { rows } = await client.query<{ name: string }>('SELECT current_database() AS name');
await client.end();
appendFileSync(`${process.env['STUB_FOLDER'] ?? ''}/order.log`, `migrated ${rows[0]?.name ?? ''}\n`);
