import { describe, expect, it } from '@jest/globals';
import { topicsOf } from './topics-of.ts';

const SETTINGS = { partitions: 12, retentionMs: 604_800_000, replicationFactor: 3, minInSyncReplicas: 2 };

describe('the topics of an installation', () => {
  it('are the events, the answers, the commands of each provider and the parked messages of each consumer', () => {
    const topics = topicsOf({ providers: ['kaspi', 'koshelek'], consumers: ['gateway', 'kaspi'] }, SETTINGS);
    expect(topics.map(({ name }) => name)).toEqual([
      'events',
      'answers',
      'commands.kaspi',
      'commands.koshelek',
      'parked.gateway',
      'parked.kaspi',
    ]);
  });

  it('are kept as configured, but for the answers, which nobody waits for after ten minutes', () => {
    const topics = topicsOf({ providers: ['kaspi'], consumers: ['gateway'] }, SETTINGS);
    for (const topic of topics) {
      expect(topic).toEqual({
        ...SETTINGS,
        name: topic.name,
        retentionMs: topic.name === 'answers' ? 600_000 : SETTINGS.retentionMs,
      });
    }
  });
});
