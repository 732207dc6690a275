/** What every implementation of the coordination ports keeps: in memory, or shared between processes. */
export * from './answers-contract.ts';
export * from './poll-schedule-contract.ts';
export * from './single-flight-contract.ts';
export * from './slots-contract.ts';
export * from './token-bucket-contract.ts';
export * from './wake-ups-contract.ts';
