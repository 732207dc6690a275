import { describe, expect, it } from '@jest/globals';
import { topicsOf } from './topics-of.ts';

const SETTINGS = { partitions: 12, retentionMs: 604_800_000, replicationFactor: 3, minInSyncReplicas: 2 };

describe('the topics of an installation', () => {
  it('are the events, the commands of each provider and the parked messages of each consumer', () => {
    const topics = topicsOf({ providers: ['kaspi', 'koshelek'], consumers: ['gateway', 'kaspi'] }, SETTINGS);
    expect(topics.map(({ name }) => name)).toEqual([
      'events',
      'commands.kaspi',
      'commands.koshelek',
      'parked.gateway',
      'parked.kaspi',
    ]);
  });

  it('are kept as configured', () => {
    for (const topic of topicsOf({ providers: ['kaspi'], consumers: ['gateway'] }, SETTINGS)) {
      expect(topic).toEqual({ ...SETTINGS, name: topic.name });
    }
  });
});
