import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase, waitFor } from '@tolem/testing';
import fc from 'fast-check';
import { Database, type MasterKey, parseMasterKeys, SealBroken, Sealer } from '../src/index.ts';
import { APP, withVault } from './spec-service.ts';

const newKey = (): MasterKey => {
  const [key] = parseMasterKeys(randomBytes(32).toString('base64'));
  if (key === undefined) throw new Error('one key was given');
  return key;
};
const OLD = newKey();
const PLACE = 'device:dsk_1:token';
const SECRET = 'a token that nobody may read';

let database: TestDatabase;
let db: Database;
let admin: Database;

beforeAll(async () => {
  database = await testDatabase(withVault);
  db = await Database.connect({ url: database.urlOf(APP), applicationName: 'spec' });
  admin = await Database.connect({ url: database.adminUrl, applicationName: 'spec admin' });
});
afterAll(async () => {
  await Promise.all([db.close(), admin.close()]);
  await database.drop();
});

const sealerWith = (...keys: readonly MasterKey[]): Sealer => new Sealer(db, keys, randomUUID);
const tenant = (): { tenant: string } => ({ tenant: randomUUID() });

/** A refusal that names neither the content nor a key. */
async function expectRefused(opening: Promise<Buffer>, ...secrets: readonly string[]): Promise<void> {
  const error = await opening.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SealBroken);
  const told = JSON.stringify(error, Object.getOwnPropertyNames(error)) + String((error as Error).cause);
  for (const secret of [SECRET, OLD.key.toString('base64'), OLD.key.toString('hex'), ...secrets])
    expect(told).not.toContain(secret);
}

describe('a sealed value', () => {
  it('opens in its place to what was sealed, whatever that was, in another process too', async () => {
    const owner = tenant();
    const writer = sealerWith(OLD);
    const reader = sealerWith(OLD);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.string({ unit: 'binary' }), async (plain, place) => {
        const sealed = await writer.seal(owner, Buffer.from(plain), place);
        expect((await reader.open(sealed, place)).equals(plain)).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect((await reader.open(await writer.seal('operator', 'төлем ₸', PLACE), PLACE)).toString()).toBe('төлем ₸');
  });

  it('shows nothing of its content and is never the same twice', async () => {
    const sealer = sealerWith(OLD);
    const owner = tenant();
    const [first, second] = await Promise.all([sealer.seal(owner, SECRET, PLACE), sealer.seal(owner, SECRET, PLACE)]);
    expect(first.includes(SECRET)).toBe(false);
    expect(first.equals(second)).toBe(false);
  });

  it('does not open in another place', async () => {
    const sealer = sealerWith(OLD);
    const sealed = await sealer.seal(tenant(), SECRET, PLACE);
    await expectRefused(sealer.open(sealed, 'device:dsk_2:token'));
    await expectRefused(sealer.open(sealed, ''));
  });

  it('does not open after any bit of it was changed', async () => {
    const sealer = sealerWith(OLD);
    const sealed = await sealer.seal(tenant(), SECRET, PLACE);
    await fc.assert(
      fc.asyncProperty(fc.nat(sealed.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(sealed);
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await expectRefused(sealer.open(changed, PLACE));
      }),
      { numRuns: 300 },
    );
  });

  it('does not open when it was cut or is not one at all', async () => {
    const sealer = sealerWith(OLD);
    const sealed = await sealer.seal(tenant(), SECRET, PLACE);
    for (const length of [0, 1, 17, 44, sealed.length - 1])
      await expectRefused(sealer.open(sealed.subarray(0, length), PLACE));
    await expectRefused(sealer.open(Buffer.from(SECRET.repeat(5)), PLACE));
  });

  it("does not open with another tenant's key", async () => {
    const sealer = sealerWith(OLD);
    const mine = await sealer.seal(tenant(), SECRET, PLACE);
    const theirs = await sealer.seal(tenant(), SECRET, PLACE);
    expect(mine.subarray(1, 17).equals(theirs.subarray(1, 17))).toBe(false);
    await expectRefused(
      sealer.open(Buffer.concat([mine.subarray(0, 1), theirs.subarray(1, 17), mine.subarray(17)]), PLACE),
    );
  });
});

describe('data keys', () => {
  const keysOf = (owner: string): Promise<{ id: string; master_key_id: string }[]> =>
    admin.query('SELECT id, master_key_id FROM vault.data_key WHERE owner = $1', [owner]);

  it('are made once per owner, however many seal for the first time at the same moment', async () => {
    const owner = tenant();
    const sealers = [1, 2, 3, 4, 5].map(() => sealerWith(OLD));
    const sealed = await Promise.all(sealers.flatMap((sealer) => [1, 2].map(() => sealer.seal(owner, SECRET, PLACE))));
    expect(await keysOf(owner.tenant)).toHaveLength(1);
    for (const value of sealed) expect((await sealerWith(OLD).open(value, PLACE)).toString()).toBe(SECRET);
  });

  it('made by another process at the same moment are used, not made a second time', async () => {
    const owner = tenant();
    await sealerWith(OLD).seal(owner, SECRET, PLACE);
    const [row] = await admin.query<{ id: string; wrapped: Buffer }>(
      'DELETE FROM vault.data_key WHERE owner = $1 RETURNING *',
      [owner.tenant],
    );
    const { sealing } = await admin.transaction(async (manager) => {
      await manager.query('INSERT INTO vault.data_key (id, owner, wrapped, master_key_id) VALUES ($1, $2, $3, $4)', [
        row?.id,
        owner.tenant,
        row?.wrapped,
        OLD.id,
      ]);
      const second = sealerWith(OLD).seal(owner, SECRET, PLACE);
      await waitFor('the second process to wait for the first', async () => {
        const waiting = await admin.query(
          `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%vault.data_key%' AND datname = $1`,
          [database.name],
        );
        return waiting.length > 0;
      });
      return { sealing: second };
    });
    const sealed = await sealing;
    expect(sealed.subarray(1, 17).toString('hex')).toBe(row?.id.replaceAll('-', ''));
    expect((await sealerWith(OLD).open(sealed, PLACE)).toString()).toBe(SECRET);
  });

  it('are asked for once: later seals and openings cost no round trip', async () => {
    const sealer = sealerWith(OLD);
    const owner = tenant();
    const sealed = await sealer.seal(owner, SECRET, PLACE);
    const heard: string[] = [];
    const stop = db.onRoundTrip((sql) => heard.push(sql));
    await sealer.seal(owner, SECRET, PLACE);
    await sealer.open(sealed, PLACE);
    stop();
    expect(heard).toEqual([]);
  });

  it('survive a rotation: with the new master key in front old values open and new owners get the new key', async () => {
    const old = tenant();
    const sealed = await sealerWith(OLD).seal(old, SECRET, PLACE);
    const next = newKey();
    const rotated = sealerWith(next, OLD);
    expect((await rotated.open(sealed, PLACE)).toString()).toBe(SECRET);
    await rotated.seal(old, SECRET, PLACE);
    expect((await keysOf(old.tenant)).map((key) => key.master_key_id)).toEqual([OLD.id]);

    const fresh = tenant();
    await rotated.seal(fresh, SECRET, PLACE);
    expect((await keysOf(fresh.tenant)).map((key) => key.master_key_id)).toEqual([next.id]);
  });

  it('are missed at the start where the master key that wrapped one of them is not configured', async () => {
    await sealerWith(OLD).seal(tenant(), SECRET, PLACE);
    const all = (await admin.query<{ id: string }>('SELECT DISTINCT master_key_id AS id FROM vault.data_key')).length;
    expect(all).toBeGreaterThan(0);
    const stranger = newKey();
    const refusal = await sealerWith(stranger)
      .checkMasterKeys()
      .catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(SealBroken);
    expect(String(refusal)).toContain(OLD.id);
    expect(String(refusal)).not.toContain(stranger.key.toString('base64'));
  });

  it('are of no use without the master key that wrapped them', async () => {
    const sealed = await sealerWith(OLD).seal(tenant(), SECRET, PLACE);
    const stranger = newKey();
    await expectRefused(sealerWith(stranger).open(sealed, PLACE), stranger.key.toString('base64'));
    // Even somebody who claims the old key's name does not get in.
    await expectRefused(sealerWith({ id: OLD.id, key: stranger.key }).open(sealed, PLACE));
    await expect(sealerWith().seal(tenant(), SECRET, PLACE)).rejects.toThrow('no master key');
  });

  it.each([
    ['swapped for that of another owner', (theirs: Buffer) => theirs],
    ['cut short', (theirs: Buffer) => theirs.subarray(0, 20)],
    ['emptied', () => Buffer.alloc(0)],
  ])('do not open anything after their row was %s', async (_, change) => {
    const mine = tenant();
    const theirs = tenant();
    const sealed = await sealerWith(OLD).seal(mine, SECRET, PLACE);
    await sealerWith(OLD).seal(theirs, SECRET, PLACE);
    const [row] = await admin.query<{ wrapped: Buffer }>('SELECT wrapped FROM vault.data_key WHERE owner = $1', [
      theirs.tenant,
    ]);
    await admin.query('UPDATE vault.data_key SET wrapped = $2 WHERE owner = $1', [
      mine.tenant,
      change(row?.wrapped ?? Buffer.of()),
    ]);
    await expectRefused(sealerWith(OLD).open(sealed, PLACE));
  });

  it('lie in the database only wrapped', async () => {
    const owner = tenant();
    await sealerWith(OLD).seal(owner, SECRET, PLACE);
    const [row] = await admin.query<{ wrapped: Buffer }>('SELECT wrapped FROM vault.data_key WHERE owner = $1', [
      owner.tenant,
    ]);
    // iv, tag and 32 bytes that say nothing without the master key
    expect(row?.wrapped).toHaveLength(12 + 16 + 32);
    expect(row?.wrapped.includes(OLD.key)).toBe(false);
  });
});

describe('master keys from configuration', () => {
  const text = (bytes: number): string => randomBytes(bytes).toString('base64');

  it('are read in their order, with room around commas', () => {
    const [a, b] = [text(32), text(32)];
    const keys = parseMasterKeys(` ${a} ,\n${b},`);
    expect(keys.map((key) => key.key.toString('base64'))).toEqual([a, b]);
    expect(new Set(keys.map((key) => key.id)).size).toBe(2);
    expect(parseMasterKeys(a)[0]?.id).toBe(keys[0]?.id);
  });

  it.each([
    ['nothing', ''],
    ['commas alone', ' , ,'],
    ['a short key', text(31)],
    ['a long key', text(33)],
    ['hexadecimal', randomBytes(32).toString('hex')],
    ['a good key and a short one', `${text(32)},${text(16)}`],
  ])('are refused when they are %s, without being quoted', (_, wrong) => {
    let told = '';
    try {
      parseMasterKeys(wrong);
    } catch (error) {
      told = String(error);
    }
    expect(told).toContain('master key');
    for (const part of wrong.split(',').filter((each) => each.trim() !== '')) expect(told).not.toContain(part);
  });
});
