import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '@tolem/domain';
import { KAFKA_START_TIMEOUT_MS, kafkaBusUnderTest, testKafka, type TestKafka } from './test-kafka.ts';
import { worksThroughBacklog } from './works-through-backlog.ts';

const MAX_QUEUED = 500;

let kafka: TestKafka;
beforeAll(async () => {
  kafka = await testKafka();
}, KAFKA_START_TIMEOUT_MS);
afterAll(() => kafka.stop());

it('a backlog of 100,000 messages is worked through with no more than the bound in memory', async () => {
  const troubles: unknown[] = [];
  const under = await kafkaBusUnderTest(kafka, {
    world: 'backlog',
    topology: { 'commands.kaspi': ['kaspi'] },
    clock: systemClock,
    maxQueued: MAX_QUEUED,
    onError: (error) => troubles.push(error),
  });
  await worksThroughBacklog(under, 100_000, MAX_QUEUED);
  expect(troubles).toEqual([]);
  await under.close();
}, 240_000);
