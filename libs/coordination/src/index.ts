/** Who does what when: poll schedule, wake-ups, slots; in memory for one process. */
export * from './memory-poll-schedule.ts';
export * from './poll-schedule.ts';
export * from './slots.ts';
export * from './wake-ups.ts';
