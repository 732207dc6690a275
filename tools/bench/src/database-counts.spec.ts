import { describe, expect, it } from '@jest/globals';
import { roundTrips, writes } from './database-counts.ts';

const statement = (query: string, calls: number, walRecords: number) => ({ query, calls, walRecords, totalMs: 0 });

describe('a statement', () => {
  it.each([
    ['SELECT answer FROM create_payment($1::jsonb) AS answer', 10, 70, true],
    ['WITH changed AS (UPDATE subject SET phase = $1 RETURNING id) SELECT 1', 10, 30, true],
    ['DELETE FROM outbox WHERE id = ANY($1::uuid[])', 10, 400, true],
    // A function that reads, and made a record where it tidied a page.
    ['SELECT answer FROM read_payment($1::jsonb) AS answer', 10, 2, false],
    // Always tidies, never writes.
    ['SELECT * FROM subject WHERE id = ANY($1)', 10, 10, false],
    // Looks for work and finds it seldom.
    ['UPDATE outbox SET claimed_until = now() WHERE id IN (SELECT id FROM outbox)', 100, 5, false],
  ])('%s counts as a writing one only where its calls write', (query, calls, records, expected) => {
    expect(writes(statement(query, calls, records))).toBe(expected);
  });
});

describe('round trips', () => {
  it('of a transaction count its beginning and its end, and a reading statement counts apart', () => {
    expect(
      roundTrips([
        statement('SELECT * FROM create_payment($1)', 10, 30),
        statement('BEGIN', 3, 0),
        statement('COMMIT', 3, 0),
        statement('SELECT * FROM payment WHERE id = $1', 20, 0),
      ]),
    ).toEqual({ writing: 16, reading: 20 });
  });
});
