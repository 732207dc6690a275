import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { MemoryOutbox } from './memory-outbox.ts';
import { message } from './messages.ts';
import { KAFKA_START_TIMEOUT_MS, kafkaBusUnderTest, type OwnKafka, ownKafka } from './test-kafka.ts';

const COMMANDS = 'commands.kaspi';
/** The broker comes back, and what it remembers of the group's members has to end first. */
const BACK_AGAIN_MS = 120_000;

let kafka: OwnKafka;
beforeAll(async () => {
  kafka = await ownKafka();
}, KAFKA_START_TIMEOUT_MS);
afterAll(() => kafka.stop());

it(
  'a broker that is killed and started again loses nothing that was safe and gets what was not',
  async () => {
    const troubles: string[] = [];
    const under = await kafkaBusUnderTest(kafka, {
      world: 'restart',
      topology: { [COMMANDS]: ['kaspi'] },
      clock: systemClock,
      onError: (_, where) => troubles.push(where),
    });
    const outbox = new MemoryOutbox(under.bus);
    const seen = new Set<unknown>();
    const subscription = under.bus.subscribe('kaspi', [COMMANDS], async (batch) => {
      for (const { body } of batch) seen.add(body);
      return batch.map(() => 'done');
    });
    const publish = (from: number): void =>
      outbox.publish(
        ...Array.from({ length: 50 }, (_, n) => message(from + n, { topic: COMMANDS, key: `lane_${(from + n) % 7}` })),
      );
    publish(0);
    await waitFor('those before', () => seen.size >= 50);
    publish(50);
    await kafka.kill();
    publish(100);
    expect(outbox.size).toBeGreaterThanOrEqual(50);
    await kafka.startAgain();
    publish(150);
    await waitFor('an empty outbox', () => outbox.size === 0, BACK_AGAIN_MS);
    await waitFor('all of them', () => seen.size >= 200, BACK_AGAIN_MS);
    expect(troubles).not.toContain('fatal');
    await waitFor('nothing to be behind', () => under.bus.stats()['kaspi']?.lag === 0, BACK_AGAIN_MS);
    await subscription.close();
    outbox.close();
    await under.close();
  },
  2 * BACK_AGAIN_MS,
);
