import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { systemClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import type { BusUnderTest } from './bus-under-test.ts';
import { message, rowsOf } from './messages.ts';
import { KAFKA_START_TIMEOUT_MS, kafkaBusUnderTest, testKafka, type TestKafka } from './test-kafka.ts';

const COMMANDS = 'commands.kaspi';
/** Long enough for a request of a member on a machine that does other things. */
const SILENT_MS = 10_000;

let kafka: TestKafka;
beforeAll(async () => {
  kafka = await testKafka();
}, KAFKA_START_TIMEOUT_MS);
afterAll(() => kafka.stop());

it('a member without a partition, for whom there is nothing to read, is not taken for deaf', async () => {
  const troubles: string[] = [];
  const seen = new Set<unknown>();
  const open = async (): Promise<BusUnderTest> => {
    const under = await kafkaBusUnderTest(kafka, {
      ...{ world: 'idle-member', topology: { [COMMANDS]: ['kaspi'] }, clock: systemClock },
      timing: { silentMs: SILENT_MS },
      onError: (error, where) => troubles.push(`${where}: ${String(error)}`),
    });
    under.bus.subscribe('kaspi', [COMMANDS], async (batch) => {
      for (const { body } of batch) seen.add(body);
      return batch.map(() => 'done');
    });
    return under;
  };
  // Two partitions for three.
  const members = [await open(), await open(), await open()];
  try {
    const begun = performance.now();
    await waitFor('more than such a silence', () => performance.now() - begun > 2 * SILENT_MS);
    const [first] = members;
    if (first === undefined) throw new Error('there are three');
    const { bus } = first;
    await Promise.all(bus.send(rowsOf(bus, message('late', { topic: COMMANDS }))));
    await waitFor('the message', () => seen.has('late'));
    expect(troubles.filter((line) => line.startsWith('fatal'))).toEqual([]);
  } finally {
    await Promise.all(members.map((member) => member.close()));
  }
}, 120_000);
