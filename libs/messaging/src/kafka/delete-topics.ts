import { kafkaClient, type KafkaConnection } from './kafka-connection.ts';

/**
 * Deletes every topic of an installation with all that is in them, and gives their names. For drills, and for whoever
 * leaves brokers that others go on using. The brokers' own topics stay.
 */
export async function deleteTopics({
  prefix = '',
  clientId = 'tolem-topics',
  ...connection
}: Omit<KafkaConnection, 'clientId'> & { readonly clientId?: string; readonly prefix?: string }): Promise<string[]> {
  const admin = kafkaClient({ ...connection, clientId }).admin();
  await admin.connect();
  try {
    const known = await admin.listTopics();
    const topics = known.filter((name) => name.startsWith(prefix) && !name.startsWith('__'));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    return topics;
  } finally {
    await admin.disconnect();
  }
}
