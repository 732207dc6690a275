import { describe, expect, it } from '@jest/globals';
import { roundTrips } from './database-counts.ts';

describe('round trips', () => {
  it('of a transaction count its beginning and its end, and a reading statement counts apart', () => {
    const statement = (query: string, calls: number, writes: boolean) => ({ query, calls, writes, totalMs: 0 });
    expect(
      roundTrips([
        statement('SELECT create_payment($1)', 10, true),
        statement('BEGIN', 3, false),
        statement('COMMIT', 3, false),
        statement('SELECT * FROM payment WHERE id = $1', 20, false),
      ]),
    ).toEqual({ writing: 16, reading: 20 });
  });
});
