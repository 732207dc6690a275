/** Who does what when: poll schedule, wake-ups, slots, rate limits, work done once; in memory for one process. */
export * from './memory-poll-schedule.ts';
export * from './poll-schedule.ts';
export * from './single-flight.ts';
export * from './slots.ts';
export * from './token-buckets.ts';
export * from './wake-ups.ts';
