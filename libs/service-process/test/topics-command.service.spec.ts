import { randomBytes } from 'node:crypto';
import { afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { PROVIDERS } from '@tolem/contracts';
import { createTopics, topicsOf } from '@tolem/messaging';
import { sharedStore } from '@tolem/testing';
import { CONSUMERS, runTopicsCommand } from '../src/index.ts';

const START_TIMEOUT_MS = 180_000;
const HOUR_MS = 3_600_000;

let brokers: string;
let prefix: string;
let said: string;
beforeAll(async () => {
  brokers = await sharedStore('kafka');
}, START_TIMEOUT_MS);
beforeEach(() => {
  prefix = `${randomBytes(4).toString('hex')}.`;
  said = '';
  for (const stream of [process.stdout, process.stderr]) {
    jest.spyOn(stream, 'write').mockImplementation((text) => {
      said += String(text);
      return true;
    });
  }
});
afterEach(() => void jest.restoreAllMocks());

const run = (more: Readonly<Record<string, string>>): Promise<number> =>
  runTopicsCommand([], { TOLEM_KAFKA_BROKERS: brokers, TOLEM_BUS_PREFIX: prefix, ...more });
const topics = topicsOf(
  { providers: PROVIDERS.map(({ name }) => name), consumers: CONSUMERS },
  { partitions: 3, retentionMs: 5 * HOUR_MS, replicationFactor: 1, minInSyncReplicas: 1 },
);

describe('the command that makes topics', () => {
  it('makes them with the partitions, the retention, the copies and the prefix that it is told', async () => {
    const told = {
      TOLEM_KAFKA_PARTITIONS: '3',
      TOLEM_KAFKA_RETENTION_HOURS: '5',
      TOLEM_KAFKA_REPLICATION: '1',
      TOLEM_KAFKA_MIN_IN_SYNC: '1',
    };
    expect(await run(told)).toBe(0);
    expect(said.match(/: made$/gm)).toHaveLength(topics.length);
    // Whoever asks for other settings would find something to enlarge or to change.
    const found = await createTopics({ brokers: brokers.split(','), prefix, topics });
    expect({ ...found, unchanged: [...found.unchanged].sort() }).toEqual({
      ...{ created: [], enlarged: [], configured: [] },
      unchanged: topics.map(({ name }) => `${prefix}${name}`).sort(),
    });
    said = '';
    expect(await run(told)).toBe(0);
    expect(said.match(/: as it should be$/gm)).toHaveLength(topics.length);
  });

  it('ends with 1 and a sentence where there are fewer brokers than copies', async () => {
    expect(await run({ TOLEM_KAFKA_REPLICATION: '2', TOLEM_KAFKA_MIN_IN_SYNC: '1' })).toBe(1);
    expect(said).toContain('The topics could not be made: ');
    expect(said).not.toMatch(/\n\s+at /);
  });
});
