import type { Admin } from 'kafkajs';

/** Topic → how many messages of the given partitions the group has not committed yet. */
export async function measureLag(
  admin: Admin,
  group: string,
  partitions: Readonly<Record<string, readonly number[]>>,
): Promise<ReadonlyMap<string, number>> {
  const topics = Object.keys(partitions);
  if (topics.length === 0) return new Map();
  const committed = await admin.fetchOffsets({ groupId: group, topics });
  const entries = topics.map(async (topic): Promise<[string, number]> => {
    const ends = await admin.fetchTopicOffsets(topic);
    const positions = committed.find((each) => each.topic === topic)?.partitions ?? [];
    const behind = ends
      .filter(({ partition }) => partitions[topic]?.includes(partition) === true)
      .map(({ partition, high, low }) => {
        const position = Number(positions.find((each) => each.partition === partition)?.offset ?? -1);
        // Nothing committed yet, or only what retention has taken away since: reading begins with the oldest message.
        return Number(high) - Math.max(position, Number(low));
      });
    return [topic, behind.reduce((sum, count) => sum + Math.max(0, count), 0)];
  });
  return new Map(await Promise.all(entries));
}
