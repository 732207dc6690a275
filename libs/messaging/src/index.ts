/** The bus: messages between services, and the strategy that brings them to Nest handlers. */
export * from './bus.ts';
export * from './bus-server.ts';
export * from './dead-letter-command.ts';
export * from './dead-letter-table.ts';
export * from './dead-letters.ts';
export * from './dispatcher.ts';
export { HandleMessages } from './handle-messages.ts';
export * from './in-process-bus.ts';
