import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { percentilesOf, spreadOf } from './percentiles.ts';

describe('percentiles', () => {
  it('are null where nothing was measured', () => {
    expect(percentilesOf([])).toBeNull();
  });

  it('are the samples of the nearest rank, whatever order they came in', () => {
    const samples = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(percentilesOf(samples)).toEqual({ p50: 100, p95: 190, p99: 198 });
  });

  it('count numbers by their size, not by their text', () => {
    expect(percentilesOf([9, 10, 100, -1])).toEqual({ p50: 9, p95: 100, p99: 100 });
  });

  it('always are samples that at least that share of the others does not exceed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1_000, max: 100_000 }), { minLength: 1 }), (samples) => {
        const found = percentilesOf(samples);
        if (found === null) throw new Error('there were samples');
        for (const [share, value] of [
          [0.5, found.p50],
          [0.95, found.p95],
          [0.99, found.p99],
        ] as const) {
          expect(samples).toContain(value);
          expect(samples.filter((sample) => sample <= value).length).toBeGreaterThanOrEqual(share * samples.length);
          expect(samples.filter((sample) => sample < value).length).toBeLessThan(share * samples.length + 1e-9);
        }
      }),
    );
  });
});

describe('the spread of a few samples', () => {
  it('is the least, the middle and the most of them', () => {
    expect(spreadOf([30, 10, 20])).toEqual({ least: 10, median: 20, most: 30 });
    expect(spreadOf([4, 1, 3, 2])).toEqual({ least: 1, median: 2, most: 4 });
    expect(spreadOf([7.126])).toEqual({ least: 7.13, median: 7.13, most: 7.13 });
    expect(spreadOf([])).toBeNull();
  });
});
