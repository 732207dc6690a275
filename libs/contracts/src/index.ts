/** Every command and event on the bus, as data. */
export * from './commands.ts';
export * from './envelope.ts';
export * from './events.ts';
export { type Addressed, type BodyOf, type MessageDefinition, produce } from './message.ts';
export * from './providers.ts';
export * from './topics.ts';
