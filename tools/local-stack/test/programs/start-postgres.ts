import { startPostgres } from '../../src/stores/postgres/postgres.ts';

// A parent that can be killed: starts PostgreSQL in the folder given, tells where it is, and stays.
const postgres = await startPostgres({ dataDir: process.argv[2] ?? '' });
console.log(JSON.stringify({ pid: postgres.pid, adminUrl: postgres.adminUrl }));
setInterval(() => undefined, 60_000);
