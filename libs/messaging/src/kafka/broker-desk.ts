import type { Admin, Kafka } from 'kafkajs';
import { pauseFor } from '../pause-for.ts';
import { measureLag } from './measure-lag.ts';

const CHECK_TIMEOUT_MS = 5_000;

/** What is asked of the brokers beside the messages: whether topics are there, and how far consumers are behind. */
export class BrokerDesk {
  readonly #admin: Admin;
  #connected: Promise<void> | undefined;

  constructor(kafka: Kafka) {
    this.#admin = kafka.admin();
  }

  /** Rejects where brokers are out of reach or do not answer in time, or a topic is missing or has no leader. */
  async check(topics: ReadonlySet<string>): Promise<void> {
    const late = new AbortController();
    const tooLate = pauseFor(CHECK_TIMEOUT_MS, late.signal).then(() => {
      throw new Error(`Kafka has not answered within ${CHECK_TIMEOUT_MS} ms`);
    });
    try {
      await Promise.race([this.#checkTopics(topics), tooLate]);
    } finally {
      late.abort();
      tooLate.catch(() => undefined);
    }
  }

  /** Topic → how many messages of the given partitions the group has not committed yet. Rejects while brokers are away. */
  async lagOf(
    group: string,
    partitions: Readonly<Record<string, readonly number[]>>,
  ): Promise<ReadonlyMap<string, number>> {
    return measureLag(await this.#connectedAdmin(), group, partitions);
  }

  close(): Promise<void> {
    return this.#admin.disconnect();
  }

  async #connectedAdmin(): Promise<Admin> {
    this.#connected ??= this.#admin.connect();
    try {
      await this.#connected;
    } catch (error) {
      this.#connected = undefined;
      throw error;
    }
    return this.#admin;
  }

  async #checkTopics(topics: ReadonlySet<string>): Promise<void> {
    const admin = await this.#connectedAdmin();
    const { topics: found } = await admin.fetchTopicMetadata({ topics: [...topics] });
    for (const topic of topics) {
      const partitions = found.find(({ name }) => name === topic)?.partitions ?? [];
      if (partitions.length === 0) throw new Error(`Kafka has no topic ${topic}`);
      if (partitions.some(({ leader }) => leader < 0)) throw new Error(`a partition of ${topic} has no leader`);
    }
  }
}
