import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import { createTopics, type KafkaBus, startKafkaBus } from '../src/index.ts';
import { message, rowsOf } from './messages.ts';
import { KAFKA_START_TIMEOUT_MS, type OwnKafka, ownKafka } from './test-kafka.ts';

const COMMANDS = 'commands.kaspi';
/** A broker starts again, and catches up with the other one. */
const BACK_AGAIN_MS = 120_000;

let first: OwnKafka;
let second: OwnKafka;
beforeAll(async () => {
  first = await ownKafka();
  second = await ownKafka({ joins: first.cluster });
}, 2 * KAFKA_START_TIMEOUT_MS);
afterAll(async () => {
  await second.stop();
  await first.stop();
});

it(
  'a message counts as sent once as many brokers hold it as must be in sync, and not before',
  async () => {
    const topic = { name: COMMANDS, partitions: 1, retentionMs: 3_600_000 };
    const topics = [{ ...topic, replicationFactor: 2, minInSyncReplicas: 2 }];
    await createTopics({ brokers: first.brokers, topics });
    const bus: KafkaBus = await startKafkaBus({
      ...{ brokers: [...first.brokers, ...second.brokers], clientId: 'spec' },
      onError: () => undefined,
      onFatal: () => undefined,
    });
    const send = async (body: string): Promise<boolean> => {
      const [sent = false] = await Promise.all(bus.send(rowsOf(bus, message(body, { topic: COMMANDS }))));
      return sent;
    };
    try {
      expect(await send('on both')).toBe(true);
      await second.kill();
      // The one that is left takes messages from whoever is content with its word.
      expect(await send('on one')).toBe(false);
      // Ready all the same as soon as that one leads: it is the sending that waits.
      await waitFor('the other to lead', () =>
        bus.check().then(
          () => true,
          () => false,
        ),
      );
      expect(await send('on one still')).toBe(false);
      await second.startAgain();
      await waitFor('both to hold it', () => send('on both again'), BACK_AGAIN_MS);
    } finally {
      await bus.close();
    }
  },
  2 * BACK_AGAIN_MS,
);
