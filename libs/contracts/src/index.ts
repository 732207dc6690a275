/** Every command and event on the bus, as data. */
export { asyncApiDocument } from './asyncapi.ts';
export * from './commands.ts';
export * from './envelope.ts';
export * from './events.ts';
export { type Addressed, type BodyOf, type MessageDefinition, produce } from './message.ts';
export * from './providers.ts';
export * from './question-answer.ts';
export * from './topics.ts';
