import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tolem/testing';
import { Database, openVaultTo, parseMasterKeys, SealBroken, Sealer, Vault } from '../src/index.ts';
import { APP, OTHER_READER, READER, withVault, WORKER } from './spec-service.ts';

const KEYS = parseMasterKeys(randomBytes(32).toString('base64'));
const SECRET = {
  certificate: 'PEM of a certificate',
  private_key: 'PEM of a very private key',
  pass_phrase: 'words that nobody else says',
};
const STORED = { kind: 'certificate', ...SECRET };
const NOT_AFTER = Date.UTC(2027, 0, 1);

let database: TestDatabase;
const open: Database[] = [];

async function as(url: string): Promise<{ db: Database; vault: Vault }> {
  const db = await Database.connect({ url, applicationName: 'vault spec', poolSize: 2 });
  open.push(db);
  return { db, vault: new Vault(db, new Sealer(db, KEYS, randomUUID)) };
}

beforeAll(async () => {
  database = await testDatabase(withVault);
});
afterAll(async () => {
  await Promise.all(open.map((db) => db.close()));
  await database.drop();
});

describe('the vault', () => {
  it("gives a provider's service the secret that the gateway put in for it", async () => {
    const [gateway, kaspi] = await Promise.all([as(database.urlOf(APP)), as(database.urlOf(READER))]);
    await gateway.vault.put('crt_1', { tenant: randomUUID() }, 'kaspi', SECRET, NOT_AFTER);
    await gateway.vault.put('crt_2', 'operator', 'kaspi', { ...SECRET, ca: 'PEM of a CA' }, NOT_AFTER);
    expect(await kaspi.vault.read('crt_1')).toMatchObject({ version: 1, state: 'active', secret: STORED });
    expect(await kaspi.vault.read('crt_2')).toMatchObject({
      owner: 'operator',
      secret: { ...STORED, ca: 'PEM of a CA' },
    });
    expect(await kaspi.vault.read('crt_unknown')).toBeUndefined();
  });

  it('shows a provider nothing of another one', async () => {
    const [gateway, koshelek] = await Promise.all([as(database.urlOf(APP)), as(database.urlOf(OTHER_READER))]);
    await gateway.vault.put('crt_3', 'operator', 'kaspi', SECRET, NOT_AFTER);
    await gateway.vault.put('crt_4', 'operator', 'koshelek', SECRET, NOT_AFTER);
    expect(await koshelek.vault.read('crt_3')).toBeUndefined();
    expect(await koshelek.db.query('SELECT id FROM vault.credential')).toEqual([{ id: 'crt_4' }]);
  });

  it('lets the gateway put in but neither read, change nor remove', async () => {
    const { db, vault } = await as(database.urlOf(APP));
    await vault.put('crt_5', 'operator', 'kaspi', SECRET, NOT_AFTER);
    await expect(vault.read('crt_5')).rejects.toMatchObject({ code: '42501' });
    await expect(db.query(`UPDATE vault.credential SET provider = 'koshelek'`)).rejects.toMatchObject({
      code: '42501',
    });
    await expect(db.query('DELETE FROM vault.credential')).rejects.toMatchObject({ code: '42501' });
  });

  it('lets a provider write rows of its own provider alone, and remove none', async () => {
    const [{ db, vault }, gateway] = await Promise.all([as(database.urlOf(READER)), as(database.urlOf(APP))]);
    await vault.put('crt_6', 'operator', 'kaspi', { kind: 'key', private_key: 'a key', csr: 'a request' }, null);
    expect((await vault.read('crt_6'))?.secret).toEqual({ kind: 'key', private_key: 'a key', csr: 'a request' });
    await expect(vault.put('crt_61', 'operator', 'koshelek', SECRET, NOT_AFTER)).rejects.toMatchObject({
      code: '42501',
    });
    await gateway.vault.put('crt_62', 'operator', 'koshelek', SECRET, NOT_AFTER);
    await db.query(`UPDATE vault.credential SET state = 'failed' WHERE id = 'crt_62'`);
    const admin = await as(database.adminUrl);
    expect(await admin.db.query(`SELECT state FROM vault.credential WHERE id = 'crt_62'`)).toEqual([
      { state: 'active' },
    ]);
    for (const change of [`provider = 'koshelek'`, 'owner_tenant = NULL', `id = 'crt_x'`, 'version = 9']) {
      await expect(db.query(`UPDATE vault.credential SET ${change}`)).rejects.toMatchObject({ code: '42501' });
    }
    await expect(db.query('DELETE FROM vault.credential')).rejects.toMatchObject({ code: '42501' });
    await expect(db.query('DELETE FROM vault.data_key')).rejects.toMatchObject({ code: '42501' });
    await expect(db.query('UPDATE vault.data_key SET wrapped = wrapped')).rejects.toMatchObject({ code: '42501' });
  });

  it('keeps API keys as well, which do not end', async () => {
    const [gateway, kaspi] = await Promise.all([as(database.urlOf(APP)), as(database.urlOf(READER))]);
    await gateway.vault.put('crt_key', 'operator', 'kaspi', { kind: 'api_key', key: 'test_1234' }, null);
    expect((await kaspi.vault.read('crt_key'))?.secret).toEqual({ kind: 'api_key', key: 'test_1234' });
  });

  it('lets a role that it was not opened to see nothing at all', async () => {
    const { db } = await as(database.urlOf(WORKER));
    for (const table of ['credential', 'data_key']) {
      await expect(db.query(`SELECT * FROM vault.${table}`)).rejects.toMatchObject({ code: '42501' });
    }
  });

  it('keeps the first secret of an id when the same id is put in again', async () => {
    const [gateway, kaspi] = await Promise.all([as(database.urlOf(APP)), as(database.urlOf(READER))]);
    await gateway.vault.put('crt_7', 'operator', 'kaspi', SECRET, NOT_AFTER);
    await gateway.vault.put('crt_7', 'operator', 'kaspi', { ...SECRET, private_key: 'another' }, NOT_AFTER);
    expect((await kaspi.vault.read('crt_7'))?.secret).toEqual(STORED);
  });

  it('does not open a secret that was copied to the row of another id', async () => {
    const [gateway, kaspi, admin] = await Promise.all([
      as(database.urlOf(APP)),
      as(database.urlOf(READER)),
      as(database.adminUrl),
    ]);
    await gateway.vault.put('crt_8', 'operator', 'kaspi', SECRET, NOT_AFTER);
    await admin.db.query(
      `INSERT INTO vault.credential (id, provider, cipher, not_after)
       SELECT 'crt_9', provider, cipher, not_after FROM vault.credential WHERE id = 'crt_8'`,
    );
    await expect(kaspi.vault.read('crt_9')).rejects.toBeInstanceOf(SealBroken);
  });

  it.each([
    ['no JSON', 'a very private key'],
    ['something else', '{"private_key":"a very private key"}'],
  ])('says that the content is wrong where it is %s, without quoting it', async (name, content) => {
    const [kaspi, admin] = await Promise.all([as(database.urlOf(READER)), as(database.adminUrl)]);
    const id = `crt_${name.replaceAll(' ', '_')}`;
    const cipher = await new Sealer(admin.db, KEYS, randomUUID).seal('operator', content, `credential:${id}`);
    await admin.db.query(
      `INSERT INTO vault.credential (id, provider, cipher, not_after) VALUES ($1, 'kaspi', $2, now())`,
      [id, cipher],
    );
    const error = await kaspi.vault.read(id).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(SealBroken);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('private');
  });

  it('lies in the database only encrypted, with its end beside it', async () => {
    const [gateway, admin] = await Promise.all([as(database.urlOf(APP)), as(database.adminUrl)]);
    await gateway.vault.put('crt_10', 'operator', 'kaspi', SECRET, NOT_AFTER);
    const [row] = await admin.db.query<{ text: string; not_after: Date }>(
      `SELECT encode(cipher, 'escape') || credential::text AS text, not_after FROM vault.credential WHERE id = 'crt_10'`,
    );
    expect(row?.not_after.getTime()).toBe(NOT_AFTER);
    for (const secret of Object.values(SECRET)) expect(row?.text).not.toContain(secret);
  });

  it('can be opened again and again, several at once, and a role then reads only what it was told last', async () => {
    const access = { readsProvider: 'smartpay' };
    const own = await testDatabase(withVault);
    try {
      await Promise.all([
        openVaultTo(own.adminUrl, own.urlOf(APP), { writes: true }),
        ...[1, 2, 3, 4, 5].map(() => openVaultTo(own.adminUrl, own.urlOf(READER), access)),
      ]);
      const [gateway, reader] = await Promise.all([as(own.urlOf(APP)), as(own.urlOf(READER))]);
      await gateway.vault.put('crt_1', 'operator', 'kaspi', SECRET, NOT_AFTER);
      await gateway.vault.put('crt_2', 'operator', 'smartpay', SECRET, NOT_AFTER);
      expect(await reader.db.query('SELECT id FROM vault.credential')).toEqual([{ id: 'crt_2' }]);
      await Promise.all(open.splice(-2).map((db) => db.close()));
    } finally {
      await own.drop();
    }
  });
});
