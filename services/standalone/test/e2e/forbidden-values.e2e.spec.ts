import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Database } from '@tolem/persistence';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import { findForbidden, type Forbidden, type TestDatabase, waitFor } from '@tolem/testing';
import { badRequests, type KeysToPlant } from './bad-requests.ts';
import { BIN } from './chain.ts';
import { houseDatabase, houseEnvironment } from './house-database.ts';
import { certificatesOf, forbidden, mistyped, ON_THE_BUS, OWN, SECRET, STRAY } from './planted-values.ts';
import { type Collector, Recorder, startCollector, WatchedHouse } from './watched-house.ts';

/** Another constructed BIN, whose connection comes with a certificate that the bank does not trust. */
const BIN_OF_FOREIGN = '260241000014';
const FAULTS = ['garbage', 'cut', 'html', 'http_500', 'empty', 'no_message', 'status_code:-999', 'status_code:-1501'];

describe('what must not leave the house', () => {
  let folder: string;
  let database: TestDatabase;
  let admin: Database;
  let bank: Sandbox;
  let house: WatchedHouse;
  let api: Recorder;
  let collector: Collector;
  let keys: KeysToPlant;
  let tls: ReturnType<typeof certificatesOf>;
  let tenant: string;
  let payment: Record<string, unknown>;
  /** Answers that show a new key, this once. */
  const shownOnce = new Set<unknown>();
  let metricsPage = '';
  let checksPage = '';
  /** Every table of every service, and every message that went through an outbox. */
  let tables: readonly { readonly table: string; readonly text: string }[] = [];
  let deviceTokens: string[] = [];
  const shownQrs: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-forbidden-'));
    [database, bank, collector] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
      startCollector(),
    ]);
    admin = await Database.connect({ url: database.adminUrl, applicationName: 'spec' });
    await keepMessages();
    tls = certificatesOf(bank.tls);
    house = new WatchedHouse(environment());
    const serving = await house.serving();
    api = new Recorder(serving.url);
    await onboard();
    await sellWell();
    await refuse();
    await disturb();
    await breakTheDatabase();
    await buryLetters();
    await sell({ amount: 150_000, desk: 'last' }, 'last', 20);
    metricsPage = await (await fetch(`http://127.0.0.1:${serving.managementPort}/metrics`)).text();
    checksPage = await (await fetch(`http://127.0.0.1:${serving.managementPort}/readyz`)).text();
    await house.end('SIGTERM');
    tables = await dump();
    deviceTokens = tokensOf(readFileSync(join(folder, 'ledger.jsonl'), 'utf8'));
  }, 90_000);

  afterAll(async () => {
    await house?.end('SIGKILL');
    collector?.close();
    await bank?.close();
    await admin?.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  function environment(): Record<string, string> {
    return {
      ...houseEnvironment(database, bank.r3Url),
      TOLEM_OPERATOR_KEY: SECRET.operatorKey,
      TOLEM_MASTER_KEY: SECRET.masterKey,
      TOLEM_OTLP_URL: collector.url,
      TOLEM_LOG_LEVEL: 'debug',
    };
  }

  async function onboard(): Promise<void> {
    const operator = SECRET.operatorKey;
    const key = (name: string) => ({ 'idempotency-key': name });
    const made = await api.must('POST', '/v1/tenants', operator, { name: OWN.shopName }, key('tenant'));
    tenant = String(made.body['id']);
    const good = (made.body['api_key'] as { secret: string }).secret;
    const second = await api.must(
      'POST',
      `/v1/tenants/${tenant}/api_keys`,
      operator,
      { mode: 'test', scopes: ['admin'], name: OWN.buyerName },
      key('second key'),
    );
    shownOnce.add(made).add(second);
    await api.must('DELETE', `/v1/api_keys/${String(second.body['id'])}`, operator);
    keys = { good, revoked: String(second.body['secret']), mistyped: mistyped(good) };
    const organization = await connect(
      BIN,
      OWN.shopName,
      { certificate: tls.certificate, private_key: tls.encryptedKey, pass_phrase: SECRET.passPhrase },
      'verified',
    );
    const points = await api.must('GET', `/v1/organizations/${organization}/trade_points`, good);
    const [point] = points.body['data'] as { id: string }[];
    payment = {
      organization,
      trade_point: point?.id,
      desk: OWN.desk,
      amount: 149_000,
      currency: 'KZT',
      method: { type: 'kaspi_qr' },
    };
    const foreign = { certificate: tls.foreignCertificate, private_key: tls.foreignKey };
    await connect(BIN_OF_FOREIGN, OWN.buyerName, foreign, 'failed');
  }

  /** An organization with a connection under a certificate of its own, until the bank has said what it thinks of it. */
  async function connect(bin: string, name: string, credential: object, expected: string): Promise<string> {
    const key = { 'idempotency-key': `connect ${bin}` };
    const certificate = await api.must(
      'POST',
      '/v1/certificates',
      SECRET.operatorKey,
      { provider: 'kaspi', scheme: 'r3', name: 'shared', ca: tls.ca, ...credential },
      key,
    );
    const id = String(certificate.body['id']);
    await api.must('PUT', `/v1/certificates/${id}/grants/${tenant}`, SECRET.operatorKey, { tax_ids: [bin] });
    const body = { country: 'KZ', tax_id: bin, name, max_amount: 200_000_000 };
    const made = await api.must('POST', '/v1/organizations', keys.good, body, key);
    const organization = String(made.body['id']);
    const connection = await api.must(
      'POST',
      `/v1/organizations/${organization}/connections`,
      keys.good,
      { provider: 'kaspi', scheme: 'r3', certificate: id },
      key,
    );
    await waitFor(`the connection of ${bin} to be ${expected}`, async () => {
      const now = await api.send('GET', `/v1/connections/${String(connection.body['id'])}`, keys.good);
      return now.body['status'] === expected;
    });
    return organization;
  }

  async function sell(more: object, idempotencyKey: string, waitS = 10) {
    const headers = { 'idempotency-key': idempotencyKey };
    const answer = await api.send('POST', `/v1/payments?wait=${waitS}`, keys.good, { ...payment, ...more }, headers);
    const qr = (answer.body['next_action'] as { qr?: string } | null | undefined)?.qr;
    if (qr !== undefined) shownQrs.push(qr);
    return answer;
  }

  /** A sale as it should be, with all that the chain may say in its own words. */
  async function sellWell(): Promise<void> {
    const metadata = { buyer: OWN.buyerName, phone: OWN.buyerPhone };
    const made = await sell({ reference: OWN.reference, metadata }, OWN.idempotencyKey);
    expect(made).toMatchObject({ status: 201, body: { status: 'requires_customer', metadata } });
    await waitFor('the money', async () => {
      const id = String(made.body['id']);
      return (await api.send('GET', `/v1/payments/${id}?wait=5`, keys.good)).body['status'] === 'succeeded';
    });
    await api.must('GET', `/v1/payments/by_key/${encodeURIComponent(OWN.idempotencyKey)}`, keys.good);
    await api.must('GET', `/v1/payments?reference=${encodeURIComponent(OWN.reference)}`, keys.good);
    await api.must('POST', '/v1/payments/cancel_by_key', keys.good, { key: OWN.voidedKey });
  }

  async function refuse(): Promise<void> {
    for (const { method, path, key, body, headers } of badRequests(keys, payment, tls)) {
      const answer = await api.send(method, path, key, body, headers);
      if (answer.status < 400) throw new Error(`was not refused: ${answer.asked} ${JSON.stringify(headers)}`);
    }
  }

  /** Every kind of trouble with the bank, each with a sale or a device of its own. */
  async function disturb(): Promise<void> {
    const fault = async (body: object) => {
      const answer = await fetch(`${bank.controlUrl}/faults`, {
        method: 'PUT',
        body: JSON.stringify({ provider: 'kaspi', times: 1, ...body }),
      });
      expect(answer.status).toBe(200);
    };
    const sales = FAULTS.map((name, n) => ({ name, amountMinor: 200_000 + n * 1_000 }));
    for (const { name, amountMinor } of sales) {
      await fault({ call: 'qr/create', fault: name, match: { amount: amountMinor / 100 } });
    }
    await Promise.all(sales.map(({ name, amountMinor }) => sell({ amount: amountMinor }, `disturbed ${name}`, 5)));
    for (const name of ['garbage', 'cut', 'html']) {
      await fault({ call: 'device/register', fault: name });
      await sell({ amount: 300_000, desk: `desk ${name}` }, `device ${name}`, 5);
      await fault({ call: 'payment/status', fault: name });
    }
  }

  /** A database that refuses rows for what stands in them, as a mistake of ours would make it. */
  async function breakTheDatabase(): Promise<void> {
    const refused = [
      ['gateway.organization', `name <> '${OWN.refusedShopName}'`],
      ['gateway.payment', `reference <> '${OWN.refusedReference}'`],
      ['kaspi.operation', `command::text NOT LIKE '%${OWN.stuckReference}%'`],
    ] as const;
    for (const [table, check] of refused) {
      await admin.query(`ALTER TABLE ${table} ADD CONSTRAINT refused_by_spec CHECK (${check}) NOT VALID`);
    }
    const body = { country: 'KZ', tax_id: '260141000010', name: OWN.refusedShopName };
    const shop = await api.send('POST', '/v1/organizations', keys.good, body, { 'idempotency-key': 'refused shop' });
    const sale = await sell({ reference: OWN.refusedReference, metadata: { phone: OWN.buyerPhone } }, 'refused sale');
    await sell({ reference: OWN.stuckReference, metadata: { phone: OWN.buyerPhone } }, 'stuck sale', 0);
    expect([shop.status, sale.status]).toEqual([500, 500]);
    await waitFor('the command to fail', () => house.output.includes('a command could not be handled'));
    for (const [table] of refused) await admin.query(`ALTER TABLE ${table} DROP CONSTRAINT refused_by_spec`);
  }

  /** Messages that their consumers cannot read, put where a broken release would put them. */
  async function buryLetters(): Promise<void> {
    const { busName, busPhone, busToken } = ON_THE_BUS;
    const people = { phone: busPhone, customer_name: busName, device_token: busToken };
    const subject = 'pay_00000000000000000000000000';
    const letters = [
      ['events', 'gateway', 'payment.state', { ...people, subject_id: busToken, phase: people, seq: busPhone }],
      ['events', 'gateway', 'connection.state', { ...people, health: [busName], trade_points: busPhone }],
      ['events', 'gateway', 'device.state', people],
      ['commands.kaspi', 'kaspi', 'payment.start', { ...people, amount: busPhone, method: busName }],
    ] as const;
    for (const [topic, consumer, type, body] of letters) {
      const headers = {
        ...{ ce_id: `letter-${type}`, ce_type: type, ce_source: 'spec', ce_subject: subject },
        ...{ ce_time: new Date().toISOString(), tenant, mode: 'test', schema: 1 },
      };
      await admin.query(
        `INSERT INTO gateway.outbox (id, topic, consumer, key, headers, body, created_at)
         VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, now() - interval '5 s')`,
        [topic, consumer, subject, JSON.stringify(headers), JSON.stringify(body)],
      );
    }
    await waitFor('the dead letters', async () => {
      const rows = await admin.query(
        `SELECT 1 FROM gateway.dead_letter WHERE headers ->> 'ce_id' LIKE 'letter-%'
         UNION ALL SELECT 1 FROM kaspi.dead_letter WHERE headers ->> 'ce_id' LIKE 'letter-%'`,
      );
      return rows.length === letters.length;
    });
  }

  /** Rows leave an outbox within moments, so a trigger keeps a copy of each; those of the dead letters are the spec's own. */
  async function keepMessages(): Promise<void> {
    await admin.query('CREATE SCHEMA watch');
    await admin.query('CREATE TABLE watch.message (content jsonb)');
    await admin.query(`CREATE FUNCTION watch.keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN INSERT INTO watch.message VALUES (to_jsonb(NEW)); RETURN NEW; END $$`);
    for (const schema of ['gateway', 'kaspi']) {
      await admin.query(`CREATE TRIGGER watched AFTER INSERT ON ${schema}.outbox FOR EACH ROW
        WHEN (NEW.headers ->> 'ce_source' <> 'spec') EXECUTE FUNCTION watch.keep()`);
    }
  }

  async function dump(): Promise<typeof tables> {
    const all = await admin.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname IN ('gateway', 'kaspi', 'vault', 'watch') ORDER BY 1`,
    );
    return Promise.all(
      all.map(async ({ name }) => {
        const rows = await admin.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
        return { table: name, text: rows.map(({ row }) => row).join('\n') };
      }),
    );
  }

  /** What may be in no log, trace, metric or problem. */
  function everything(): Forbidden[] {
    return [...secrets(), ...forbidden({ ...STRAY, ...OWN, ...ON_THE_BUS }), ...numbered('qr', shownQrs)];
  }

  function secrets(): Forbidden[] {
    const { good, revoked } = keys;
    const { plainKey, encryptedKey, foreignKey } = tls;
    const password = new URL(database.urlOf('tolem_gateway')).password;
    const given = { ...SECRET, good, revoked, mistyped: keys.mistyped, plainKey, encryptedKey, foreignKey, password };
    return [...forbidden(given), ...numbered('device token', deviceTokens)];
  }

  it('was planted: every kind of trouble has happened', () => {
    const lines = house.output.split('\n');
    expect(lines.filter((line) => line.includes('"debug"')).length).toBeGreaterThan(10);
    expect(lines.filter((line) => line.includes('"message":"request"')).length).toBeGreaterThan(100);
    for (const said of ['a request could not be answered', 'a message could not be handled', 'refused_by_spec']) {
      expect(house.output).toContain(said);
    }
    expect(deviceTokens.length).toBeGreaterThanOrEqual(4);
    expect(shownQrs.length).toBeGreaterThanOrEqual(4);
    expect(tables.find(({ table }) => table === 'watch.message')?.text).toContain('payment.start');
    const statuses = new Set(api.answers.map(({ status }) => status));
    expect([...statuses].sort()).toEqual(
      expect.arrayContaining([200, 201, 400, 401, 403, 404, 405, 413, 414, 415, 422, 500]),
    );
  });

  it('is in no line of the logs, at the level debug', () => {
    expect(findForbidden(house.output, everything())).toEqual([]);
  });

  it('is in no trace', () => {
    expect(collector.text()).toContain('POST /v1/payments');
    expect(findForbidden(collector.text(), everything())).toEqual([]);
  });

  it('is in no metric and no health check', () => {
    expect(metricsPage).toContain('tolem_http_request_seconds_count');
    expect(checksPage).toContain('"ok":true');
    expect(findForbidden(metricsPage + checksPage, everything())).toEqual([]);
  });

  it('is repeated by no refusal, whatever was refused', () => {
    const refusals = api.answers.filter(({ status }) => status >= 400);
    const leaks = refusals.flatMap(({ asked, text }) =>
      findForbidden(text, everything()).map((found) => ({ asked, ...found })),
    );
    expect(leaks).toEqual([]);
    const types = new Set(refusals.map(({ text }) => /"content-type","([^"]+)"/.exec(text)?.[1]));
    expect([...types]).toEqual(['application/problem+json; charset=utf-8']);
  });

  it('is shown by no answer, but for a new key to whoever made it', () => {
    const leaks = api.answers
      .filter((answer) => answer.status < 400 && !shownOnce.has(answer))
      .flatMap(({ asked, text }) =>
        findForbidden(text, [...secrets(), ...forbidden({ ...STRAY, ...ON_THE_BUS })]).map((found) => ({
          asked,
          ...found,
        })),
      );
    expect(leaks).toEqual([]);
  });

  it('is in no table, no event and no message but encrypted; the chain’s own words are where its payments are', () => {
    const leaks = tables.flatMap(({ table, text }) =>
      findForbidden(text, [...secrets(), ...forbidden(STRAY)]).map((found) => ({ table, ...found })),
    );
    expect(leaks).toEqual([]);
    const own = tables.filter(({ text }) => findForbidden(text, forbidden({ phone: OWN.buyerPhone })).length > 0);
    expect(own.map(({ table }) => table)).toEqual(['gateway.event', 'gateway.payment']);
  });

  it('is in no reason that a dead letter gives', async () => {
    const rows = await admin.query<{ reason: string }>(
      'SELECT reason FROM gateway.dead_letter UNION ALL SELECT reason FROM kaspi.dead_letter',
    );
    expect(rows.length).toBeGreaterThanOrEqual(4);
    expect(findForbidden(rows.map(({ reason }) => reason).join('\n'), everything())).toEqual([]);
  });

  it('is said by no process that cannot start', async () => {
    const good = environment();
    const wrongDatabase = new URL(database.urlOf('tolem_gateway'));
    wrongDatabase.pathname = '/no_such_database';
    wrongDatabase.password = SECRET.strayToken;
    const mistakes: Record<string, string>[] = [
      { TOLEM_MASTER_KEY: SECRET.passPhrase },
      { TOLEM_MASTER_KEY: SECRET.masterKey.slice(1), TOLEM_OPERATOR_KEY: `${SECRET.operatorKey}!` },
      {
        TOLEM_GATEWAY_DATABASE_URL: `mysql://tolem:${SECRET.strayToken}@127.0.0.1/x`,
        TOLEM_PROVIDER_URLS: `{"kaspi": "https://tolem:${SECRET.strayToken}@bank.example"`,
      },
      { TOLEM_KASPI_DATABASE_URL: wrongDatabase.toString() },
      { TOLEM_GATEWAY_DATABASE_URL: wrongDatabase.toString() },
    ];
    const outputs = await Promise.all(
      mistakes.map(async (mistake) => {
        const failing = new WatchedHouse({ ...good, ...mistake });
        expect(await failing.end()).toBe(1);
        return failing.output;
      }),
    );
    for (const output of outputs) expect(output).toMatch(/configuration|could not start/);
    expect(findForbidden(outputs.join('\n'), everything())).toEqual([]);
  }, 20_000);
});

function numbered(name: string, values: readonly string[]): Forbidden[] {
  return values.map((value, n) => ({ name: `${name} ${n}`, value }));
}

/** Every device token that the simulated bank has ever given out. */
function tokensOf(journal: string): string[] {
  const tokens = journal.split('\n').flatMap((line) => /"t":"device","token":"([^"]+)"/.exec(line)?.[1] ?? []);
  return [...new Set(tokens)];
}
