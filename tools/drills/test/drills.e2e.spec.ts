import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { crash } from '../src/crash-drills.ts';
import type { Drill } from '../src/drill.ts';
import type { DrillHouse } from '../src/drill-house.ts';
import { drillLines } from '../src/drill-line.ts';
import { runDrill } from '../src/run-drill.ts';
import { held } from '../src/service-drills.ts';
import { inTurn, together } from '../src/several.ts';
import { kafkaAway, postgresRestarted, redisFlushed, topicsDeleted } from '../src/store-drills.ts';
import { CLOSE_MS, OPEN_MS, ownHouse } from './own-house.ts';

/** Kafka is away for 5 s, a process is held for 8 s: as short as the house would notice. The others: npm run drill. */
const SCALE = 0.2;
const RATE = 10;
const DRILL_MS = 300_000;

/** Worst of all: a commit says that the work is taken, and nobody lives who would do it. */
const ACCEPTED = 'after accept commits';

const SHORT: readonly Drill[] = [
  crash('kaspi', ACCEPTED),
  together(held('gateway'), held('kaspi')),
  redisFlushed,
  kafkaAway,
  inTurn(topicsDeleted, postgresRestarted),
];

describe('bank, our books, events and webhooks agree, and nothing is paid twice, after', () => {
  let house: DrillHouse;
  let close: (() => Promise<number[]>) | undefined;

  beforeAll(async () => {
    ({ house, close } = await ownHouse({ crashes: true }));
  }, OPEN_MS);
  afterAll(async () => {
    expect(await close?.()).toEqual([]);
  }, CLOSE_MS);

  it.each(SHORT.map((drill) => [drill.title, drill] as const))(
    '%s',
    async (_title, drill) => {
      const result = await runDrill(drill, {
        house,
        rate: RATE,
        scale: SCALE,
        long: false,
        runId: 'spec',
        say: () => undefined,
      });
      process.stdout.write(`${drillLines(result).join('\n')}\n`);
      expect(result.differences).toEqual([]);
      expect(result.requests.failed).toBe(0);
      expect(result.ended).toEqual([]);
      expect(result.succeeded).toBeGreaterThan(result.payments / 4);
      if (drill.name !== 'crash-kaspi') return;
      expect(result.notes).toEqual(['1 of 1 points']);
      // A crash costs a till seconds, not the sale.
      expect(result.unpaid).toEqual({});
    },
    DRILL_MS,
  );
});
