/** What specs need: databases from templates, waiting for conditions, and a search for what must not be there. Imported by specs only. */
export * from './find-forbidden.ts';
export * from './test-database.ts';
export * from './wait-for.ts';
