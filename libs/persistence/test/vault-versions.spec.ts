import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { testDatabase, type TestDatabase } from '@tolem/testing';
import {
  type CredentialVersion,
  CredentialVersions,
  Database,
  type OutboxRow,
  parseMasterKeys,
  Sealer,
  Vault,
} from '../src/index.ts';
import { APP, READER, withVault } from './spec-service.ts';

const KEYS = parseMasterKeys(randomBytes(32).toString('base64'));
const NOT_AFTER = Date.UTC(2027, 0, 1);

let database: TestDatabase;
const open: Database[] = [];
let gateway: Vault;
let kaspi: Vault;
let versions: CredentialVersions;
let readerDb: Database;
let published: OutboxRow[];
let id: string;
let made = 0;

async function connect(url: string): Promise<Database> {
  const db = await Database.connect({ url, applicationName: 'vault versions spec', poolSize: 6 });
  open.push(db);
  return db;
}

const pair = (name: string) => ({ certificate: `certificate ${name}`, private_key: `key ${name}` });
const keep = (name: string) => ({ secret: pair(name), notAfter: NOT_AFTER, fingerprint: name });
const tell = (changed: CredentialVersion): OutboxRow[] => [
  {
    id: randomUUID(),
    topic: 'events',
    consumer: 'gateway',
    key: changed.id,
    headers: {},
    body: { version: changed.version, state: changed.state, seq: changed.seq },
  },
];
const states = async (): Promise<string> =>
  (await versions.of(id)).map(({ version, state }) => `${version} ${state}`).join(', ');
const certificateInUse = async (): Promise<unknown> => (await kaspi.read(id))?.secret;

beforeAll(async () => {
  database = await testDatabase(withVault);
  const appDb = await connect(database.urlOf(APP));
  readerDb = await connect(database.urlOf(READER));
  gateway = new Vault(appDb, new Sealer(appDb, KEYS, randomUUID));
  const sealer = new Sealer(readerDb, KEYS, randomUUID);
  kaspi = new Vault(readerDb, sealer);
  versions = new CredentialVersions(readerDb, sealer, 'kaspi', (rows) => published.push(...rows));
  const admin = await connect(database.adminUrl);
  await admin.query(`GRANT INSERT, SELECT ON persistence_spec.outbox TO ${READER}`);
});
beforeEach(() => {
  published = [];
  id = `crt_${(made += 1)}`;
});
afterAll(async () => {
  await Promise.all(open.map((db) => db.close()));
  await database.drop();
});

describe('versions of a credential', () => {
  it('lie side by side, and the one before is used until the next is activated', async () => {
    await gateway.put(id, 'operator', 'kaspi', pair('one'), NOT_AFTER);
    await gateway.put(id, 'operator', 'kaspi', pair('two'), NOT_AFTER, { version: 2, state: 'ready' });
    expect(await certificateInUse()).toMatchObject(pair('one'));
    expect(await kaspi.replaced([{ id, version: 1 }])).toEqual(new Set());
    expect(await versions.activate(id, 2, tell)).toMatchObject({ id, version: 2, state: 'active', seq: 1 });
    expect(await certificateInUse()).toMatchObject(pair('two'));
    expect(await states()).toBe('1 retired, 2 active');
    expect(await kaspi.replaced([{ id, version: 1 }])).toEqual(new Set([id]));
    expect(await kaspi.replaced([{ id, version: 2 }])).toEqual(new Set());
  });

  it('are told of in the transaction of the change, once, whoever tries at the same moment', async () => {
    await gateway.put(id, 'operator', 'kaspi', pair('one'), NOT_AFTER);
    await gateway.put(id, 'operator', 'kaspi', pair('two'), NOT_AFTER, { version: 2, state: 'ready' });
    const moved = await Promise.all([1, 2, 3, 4, 5].map(() => versions.activate(id, 2, tell)));
    expect(moved.filter((one) => one !== undefined)).toHaveLength(1);
    const rows = await readerDb.query('SELECT body FROM outbox WHERE key = $1', [id]);
    expect(rows).toEqual([{ body: { version: 2, state: 'active', seq: 1 } }]);
    expect(published).toHaveLength(1);
  });

  it('do not change where the news of it cannot be written', async () => {
    await gateway.put(id, 'operator', 'kaspi', pair('one'), NOT_AFTER, { state: 'ready' });
    const broken = (): OutboxRow[] => {
      throw new Error('no message');
    };
    await expect(versions.activate(id, 1, broken)).rejects.toThrow('no message');
    expect(await states()).toBe('1 ready');
    expect(published).toEqual([]);
  });

  it('begin with a key, become a whole pair, and only then can be used', async () => {
    const place = { id, version: 1, owner: 'operator' as const };
    const key = { secret: { kind: 'key' as const, private_key: 'key', csr: 'csr' }, notAfter: null, fingerprint: null };
    expect(await versions.add(place, 'key', key, tell)).toMatchObject({ state: 'key', seq: 1 });
    expect(
      await versions.add(place, 'key', { ...key, secret: { ...key.secret, csr: 'another' } }, tell),
    ).toBeUndefined();
    expect((await kaspi.readVersion(id, 1))?.secret).toMatchObject({ csr: 'csr' });
    expect(await kaspi.read(id)).toBeUndefined();
    expect(await versions.activate(id, 1, tell)).toBeUndefined();
    expect(await versions.complete(place, keep('one'), tell)).toMatchObject({ state: 'ready', seq: 2 });
    expect(await versions.complete(place, keep('another'), tell)).toBeUndefined();
    expect(await versions.activate(id, 1, tell)).toMatchObject({ state: 'active', seq: 3 });
    expect(await certificateInUse()).toMatchObject(pair('one'));
  });

  it('that were overtaken retire instead of coming back', async () => {
    await gateway.put(id, 'operator', 'kaspi', pair('one'), NOT_AFTER);
    await gateway.put(id, 'operator', 'kaspi', pair('two'), NOT_AFTER, { version: 2, state: 'ready' });
    await gateway.put(id, 'operator', 'kaspi', pair('three'), NOT_AFTER, { version: 3, state: 'ready' });
    expect((await versions.waiting(10)).filter((one) => one.id === id)).toMatchObject([{ version: 3 }]);
    await versions.activate(id, 3, tell);
    expect(await states()).toBe('1 retired, 2 retired, 3 active');
    await gateway.put(id, 'operator', 'kaspi', pair('four'), NOT_AFTER, { version: 4, state: 'ready' });
    await gateway.put(id, 'operator', 'kaspi', pair('five'), NOT_AFTER, { version: 5, state: 'ready' });
    expect(await versions.fail(id, 5, tell)).toMatchObject({ state: 'failed' });
    expect(await versions.fail(id, 5, tell)).toBeUndefined();
    expect(await versions.activate(id, 5, tell)).toBeUndefined();
    expect(await versions.activate(id, 4, tell)).toMatchObject({ state: 'active' });
  });

  it('open only as what they are: a secret of one version copied to another does not', async () => {
    await gateway.put(id, 'operator', 'kaspi', pair('one'), NOT_AFTER, { version: 2 });
    const admin = open.at(-1);
    await admin?.query(
      `INSERT INTO vault.credential (id, version, state, provider, cipher) SELECT id, 3, 'ready', provider, cipher FROM vault.credential WHERE id = $1`,
      [id],
    );
    expect(await certificateInUse()).toMatchObject(pair('one'));
    await expect(kaspi.readVersion(id, 3)).rejects.toThrow('cannot be opened');
  });
});
