/** The bus: messages between services, and the strategy that brings them to Nest handlers. */
export * from './bus.ts';
export * from './bus-server.ts';
export * from './dead-letter-command.ts';
export * from './dead-letter-table.ts';
export * from './dead-letters.ts';
export * from './dispatcher.ts';
export { HandleMessages } from './handle-messages.ts';
export * from './in-process-bus.ts';
export { createTopics, type CreatedTopics, type CreateTopicsOptions } from './kafka/create-topics.ts';
export { deleteTopics } from './kafka/delete-topics.ts';
export { KafkaBus, type KafkaBusOptions, startKafkaBus } from './kafka/kafka-bus.ts';
export { type KafkaConnection, type KafkaSasl, type KafkaTls } from './kafka/kafka-connection.ts';
export { type KafkaTiming } from './kafka/group-member.ts';
export { type KafkaTopic, parkedTopic, topicsOf, type TopicSettings } from './kafka/topics-of.ts';
