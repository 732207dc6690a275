import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '@tolem/persistence';
import { waitFor } from '@tolem/testing';
import pg from 'pg';
import { PaymentHouse, type Shop } from '../payments/test/payment-house.ts';
import type { EventPlace, EventRow } from './event-row.ts';
import { EventStore } from './event-store.ts';

const WRITERS = 50;
const ROUNDS = 4;
const SUBJECTS = 10;

let house: PaymentHouse;
let shop: Shop;
let store: EventStore;
beforeAll(async () => {
  house = await PaymentHouse.open();
  shop = await house.shop();
  store = new EventStore(house.app, house.worker);
});
afterAll(() => house.close());

/** The database as a superuser reaches it, with the schema in its path. */
function adminUrl(): string {
  const { user, password, host, port, database } = house.admin;
  return `postgres://${encodeURIComponent(user ?? '')}:${encodeURIComponent(String(password))}@${host}:${port}/${database ?? ''}?options=-c%20search_path%3Dgateway`;
}

async function session(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: adminUrl() });
  await client.connect();
  return client;
}

/** Raises the version of a payment as every writer does: under the lock of its row. */
const CHANGE = `WITH it AS (UPDATE payment SET version = version + 1 WHERE id = $1 RETURNING *)
  SELECT record_payment_event(gen_random_uuid(), 'payment.updated', it::payment, now()) FROM it`;

/** Everything that is there from a place on, and the place after it. */
async function readOn(from: EventPlace | null, limit = 7): Promise<{ rows: EventRow[]; at: EventPlace | null }> {
  const read = await store.read(shop.caller, from, { types: null, subject: null, limit });
  const rows = read.rows.slice(0, limit);
  const last = rows.at(-1);
  if (read.rows.length > limit) return { rows, at: last ?? from };
  return { rows, at: { era: read.era, txid: read.horizon, seq: 0 } };
}

async function subjects(count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const { body } = await house.pay(shop);
    ids.push(
      String((await house.rows<{ id: string }>(`SELECT id FROM payment WHERE idem_key = $1`, [`key-${n + 1}`]))[0]?.id),
    );
    expect(body.status).toBe('created');
  }
  return ids;
}

describe('the order of events', () => {
  it(`shows a reader every event once, and those of one payment in their order, while ${WRITERS} writers commit beside it`, async () => {
    const ids = await subjects(SUBJECTS);
    const writers = await Database.connect({
      url: adminUrl(),
      applicationName: 'writers',
      poolSize: WRITERS,
      // They queue for the rows of each other.
      statementTimeoutMs: 60_000,
    });
    let isWriting = true;
    const seen: EventRow[] = [];
    const reading = (async () => {
      let at: EventPlace | null = null;
      for (;;) {
        const wasWriting = isWriting;
        const page: Awaited<ReturnType<typeof readOn>> = await readOn(at);
        at = page.at;
        seen.push(...page.rows);
        if (!wasWriting && page.rows.length === 0) {
          const { rows } = await readOn(at);
          if (rows.length === 0 && seen.length >= SUBJECTS + WRITERS * ROUNDS * 3) return;
        }
      }
    })();
    const write = async (writer: number): Promise<void> => {
      for (let round = 0; round < ROUNDS; round += 1) {
        await writers.transaction(async (manager) => {
          // The transaction's id comes first, as in a batch: before it waits for the rows that others hold.
          await manager.query('SELECT pg_current_xact_id()');
          const own = [0, 3, 7].map((step) => (writer * 3 + round * 5 + step) % SUBJECTS).sort((a, b) => a - b);
          for (const n of own) await manager.query(CHANGE, [ids[n]]);
        });
      }
    };
    try {
      await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
    } finally {
      isWriting = false;
      await writers.close();
    }
    await reading;
    const all = await house.rows<{ id: string }>('SELECT id FROM event');
    expect(seen).toHaveLength(SUBJECTS + WRITERS * ROUNDS * 3);
    expect(new Set(seen.map(({ id }) => id))).toEqual(new Set(all.map(({ id }) => id)));
    for (const id of ids) {
      const versions = seen
        .map(({ snapshot }) => snapshot as { id: string; version: number })
        .filter((one) => one.id === id);
      expect(versions.map(({ version }) => version)).toEqual(versions.map((_, n) => n + 1));
    }
  }, 180_000);

  it('puts the second change of a payment behind the first, although its transaction began before', async () => {
    const { body } = await house.pay(shop);
    const id = String((await house.rows<{ id: string }>('SELECT id FROM payment ORDER BY id DESC LIMIT 1'))[0]?.id);
    const [early, late] = [await session(), await session()];
    await early.query('BEGIN');
    await early.query('SELECT pg_current_xact_id()');
    await late.query('BEGIN');
    await late.query(CHANGE, [id]);
    await late.query('COMMIT');
    await early.query(CHANGE, [id]);
    await early.query('COMMIT');
    const subject = await waitFor('three events', async () => {
      const { rows } = await store.read(shop.caller, null, { types: null, subject: id, limit: 10 });
      return rows.length === 3 ? rows : undefined;
    });
    expect(subject.map(({ snapshot }) => (snapshot as { version: number }).version)).toEqual([1, 2, 3]);
    expect(body.version).toBe(1);
    await early.end();
    await late.end();
  });

  it('shows nothing behind a transaction that is still open, says that something is held, and shows it afterwards', async () => {
    await house.pay(shop);
    await house.pay(shop);
    const newest = await house.rows<{ id: string }>('SELECT id FROM payment ORDER BY id DESC LIMIT 2');
    const [other = '', id = ''] = newest.map((row) => row.id);
    let at: EventPlace | null = null;
    await waitFor('everything read', async () => {
      const page = await readOn(at, 100);
      at = page.at;
      return page.rows.length === 0;
    });
    const open = await session();
    await open.query('BEGIN');
    await open.query(CHANGE, [id]);
    await house.rows(CHANGE, [other]);
    const held = await store.read(shop.caller, at, { types: null, subject: null, limit: 10 });
    expect(held).toMatchObject({ rows: [], held: true });
    await open.query('COMMIT');
    await open.end();
    const rows = await waitFor('both', async () => {
      const page = await readOn(at, 10);
      return page.rows.length === 2 ? page.rows : undefined;
    });
    expect(rows.map(({ snapshot }) => (snapshot as { id: string }).id)).toEqual([id, other]);
  });
});
