import { rm } from 'node:fs/promises';
import { endKafka } from '../stores/kafka/kafka.ts';
import { forgetPostgres } from '../stores/postgres/postgres.ts';
import { endRedis } from '../stores/redis/redis.ts';
import type { StackFolder, TolemFolder } from './tolem-folder.ts';

/** Removes all that earlier starts stored; the logs stay. */
export async function forget(folder: TolemFolder): Promise<void> {
  await forgetPostgres(folder.postgres);
  for (const path of [folder.sandbox, folder.state, folder.secrets, folder.local]) {
    await rm(path, { recursive: true, force: true });
  }
}

/** The same for a house of several processes. Whatever store still runs there is ended first. */
export async function forgetStack(folder: StackFolder): Promise<void> {
  await endStores(folder);
  await forget(folder);
  for (const path of [folder.kafka, folder.redis]) await rm(path, { recursive: true, force: true });
}

/** Ends the Kafka and the Redis that a killed run has left there. */
export async function endStores({ kafka, redis }: StackFolder): Promise<void> {
  await Promise.all([endKafka(kafka), endRedis(redis)]);
}
