import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { countBatches, segmentSizes, topicOf, trafficSince } from './kafka-traffic.ts';

/** A record batch of format 2 as far as its head tells: offset, length, …, number of records, and then the records. */
function batch(records: number, bytes: number): Buffer {
  const whole = Buffer.alloc(61 + bytes);
  whole.writeInt32BE(whole.length - 12, 8);
  whole.writeInt32BE(records, 57);
  return whole;
}

const batches = fc.array(fc.record({ records: fc.nat({ max: 500 }), bytes: fc.nat({ max: 300 }) }), { maxLength: 20 });

describe('the batches in a segment', () => {
  it('are all counted with all their records', () => {
    fc.assert(
      fc.property(batches, (given) => {
        const segment = Buffer.concat(given.map(({ records, bytes }) => batch(records, bytes)));
        const records = given.reduce((sum, one) => sum + one.records, 0);
        expect(countBatches(segment)).toEqual({ records, batches: given.length });
      }),
    );
  });

  it('do not count one whose end has not been written yet', () => {
    const segment = Buffer.concat([batch(3, 40), batch(5, 40).subarray(0, 90)]);
    expect(countBatches(segment)).toEqual({ records: 3, batches: 1 });
    expect(countBatches(Buffer.alloc(200))).toEqual({ records: 0, batches: 0 });
  });
});

describe('a topic', () => {
  it('is told by the folder of its partition', () => {
    expect(topicOf('/data/log/tolem.commands.kaspi-12/00000000000000000000.log')).toBe('tolem.commands.kaspi');
    expect(topicOf('/data/log/__consumer_offsets-3/00000000000000000100.log')).toBe('__consumer_offsets');
  });
});

describe('what Kafka has stored between two moments', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tolem-bench-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('is what its segments gained, by topic, whether they were there before or not', async () => {
    const segment = (partition: string): string => join(folder, partition, '00000000000000000000.log');
    for (const partition of ['events-0', 'events-1', 'commands-0', '__cluster_metadata-0']) {
      await mkdir(join(folder, partition));
    }
    await writeFile(join(folder, 'meta.properties'), 'version=1');
    await writeFile(segment('events-0'), batch(7, 100));
    await writeFile(segment('commands-0'), batch(1, 1));
    const before = await segmentSizes(folder);
    await appendFile(segment('events-0'), batch(2, 10));
    await writeFile(segment('events-1'), Buffer.concat([batch(1, 20), batch(4, 20)]));
    await writeFile(segment('__cluster_metadata-0'), batch(9, 900));
    expect(await trafficSince(folder, before)).toEqual([
      { topic: 'events', bytes: 71 + 2 * 81, records: 7, batches: 3 },
    ]);
  });
});
