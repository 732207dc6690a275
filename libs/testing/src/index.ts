/**
 * What specs and drills need: databases from templates, the Kafka and Redis of the run, waiting for conditions, the steps
 * at which a process may die, a collector of traces, a receiver of webhooks, and a search for what must not be there. No
 * service imports it.
 */
export * from './crash-file.ts';
export * from './crash-points.ts';
export * from './refund-crash-points.ts';
export * from './find-forbidden.ts';
export { sharedStore } from './shared-store.ts';
export * from './test-database.ts';
export * from './trace-collector.ts';
export * from './wait-for.ts';
export * from './webhook-receiver.ts';
