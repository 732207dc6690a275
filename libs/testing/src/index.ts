/** What specs need: databases from templates and waiting for conditions. Imported by specs only. */
export * from './test-database.ts';
export * from './wait-for.ts';
