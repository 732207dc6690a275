import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Sandbox, startSandbox } from '@tolem/sandbox';
import { findForbidden, type Forbidden, type TestDatabase, waitFor } from '@tolem/testing';
import { houseDatabase, houseEnvironment } from './house-database.ts';
import { PlantedChain } from './planted-chain.ts';
import { PlantedInputs } from './planted-inputs.ts';
import { forbidden, MORE, ON_THE_BUS, OWN, PERSONAL, SECRET, STRAY } from './planted-values.ts';
import { type TableText, WatchedDatabase } from './watched-database.ts';
import { type Collector, Recorder, startCollector, WatchedHouse } from './watched-house.ts';

describe('what must not leave the house', () => {
  let folder: string;
  let database: TestDatabase;
  let watched: WatchedDatabase;
  let bank: Sandbox;
  let house: WatchedHouse;
  let api: Recorder;
  let collector: Collector;
  let chain: PlantedChain;
  let inputs: PlantedInputs;
  let metricsPage = '';
  let checksPage = '';
  /** Every table of every service, and every message that went through an outbox. */
  let tables: readonly TableText[] = [];
  let deviceTokens: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'tolem-forbidden-'));
    [database, bank, collector] = await Promise.all([
      houseDatabase(),
      startSandbox({ dataFolder: folder, controlPort: 0, r3Port: 0, timers: 'local' }),
      startCollector(),
    ]);
    watched = await WatchedDatabase.of(database);
    house = new WatchedHouse(environment());
    const serving = await house.serving();
    api = new Recorder(serving.url);
    chain = new PlantedChain(api, bank);
    await chain.onboard();
    await chain.sellWell();
    await chain.refuse();
    inputs = new PlantedInputs(api, chain, (fault) => chain.fault(fault));
    await inputs.plant();
    await chain.disturb();
    await breakTheDatabase();
    await watched.buryLetters(chain.tenant);
    await chain.sell({ amount: 150_000, desk: 'last' }, 'last', 20);
    metricsPage = await (await fetch(`http://127.0.0.1:${serving.managementPort}/metrics`)).text();
    checksPage = await (await fetch(`http://127.0.0.1:${serving.managementPort}/readyz`)).text();
    await house.end('SIGTERM');
    tables = await watched.dump();
    deviceTokens = tokensOf(readFileSync(join(folder, 'ledger.jsonl'), 'utf8'));
  }, 240_000);

  afterAll(async () => {
    await house?.end('SIGKILL');
    collector?.close();
    await bank?.close();
    await watched?.close();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  });

  function environment(): Record<string, string> {
    return {
      ...houseEnvironment(database, bank.r3Url),
      TOLEM_PROVIDER_URLS: JSON.stringify({ kaspi: { test: { r1: bank.r1Url, r3: bank.r3Url } } }),
      TOLEM_OPERATOR_KEY: SECRET.operatorKey,
      TOLEM_MASTER_KEY: SECRET.masterKey,
      TOLEM_OTLP_URL: collector.url,
      TOLEM_LOG_LEVEL: 'debug',
      TOLEM_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    };
  }

  /** A database that refuses rows for what stands in them, at the door and behind the bus. */
  async function breakTheDatabase(): Promise<void> {
    const checks = [
      ['gateway.organization', `name <> '${OWN.refusedShopName}'`],
      ['gateway.payment', `reference <> '${OWN.refusedReference}'`],
      ['kaspi.operation', `command::text NOT LIKE '%${OWN.stuckReference}%'`],
    ] as const;
    await watched.refusing(checks, async () => {
      const body = { country: 'KZ', tax_id: '260141000010', name: OWN.refusedShopName };
      const key = { 'idempotency-key': 'refused shop' };
      const shop = await api.send('POST', '/v1/organizations', chain.keys.good, body, key);
      const metadata = { phone: OWN.buyerPhone };
      const sale = await chain.sell({ reference: OWN.refusedReference, metadata }, 'refused sale');
      await chain.sell({ reference: OWN.stuckReference, metadata }, 'stuck sale', 0);
      expect([shop.status, sale.status]).toEqual([500, 500]);
      await waitFor('the command to fail', () => house.output.includes('a command could not be handled'));
    });
  }

  /** What may be in no log, trace, metric or problem. */
  function everything(): Forbidden[] {
    return [
      ...secrets(),
      ...personal(),
      ...forbidden({ ...STRAY, ...OWN, ...MORE, ...ON_THE_BUS }),
      ...numbered('qr', chain.shownQrs),
    ];
  }

  /** What the bank hears and says about buyers. */
  function personal(): Forbidden[] {
    return forbidden({ ...PERSONAL, payerName: inputs.payerName });
  }

  function secrets(): Forbidden[] {
    const { plainKey, encryptedKey, foreignKey } = chain.tls;
    const password = new URL(database.urlOf('tolem_gateway')).password;
    const given = {
      ...SECRET,
      ...chain.keys,
      plainKey,
      encryptedKey,
      foreignKey,
      password,
      webhookSecret: inputs.webhookSecret,
    };
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
    expect(chain.shownQrs.length).toBeGreaterThanOrEqual(4);
    expect(tables.find(({ table }) => table === 'watch.message')?.text).toContain('payment.start');
    expect(inputs.webhookSecret).toMatch(/^whsec_.{30}/);
    expect(inputs.payerName.length).toBeGreaterThanOrEqual(6);
    expect(tables.find(({ table }) => table === 'gateway.refund')?.text).toContain(MORE.refundReason);
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
      .filter((answer) => answer.status < 400 && !chain.shownOnce.has(answer))
      .flatMap(({ asked, text }) =>
        findForbidden(text, [...secrets(), ...personal(), ...forbidden({ ...STRAY, ...ON_THE_BUS })]).map((found) => ({
          asked,
          ...found,
        })),
      );
    expect(leaks).toEqual([]);
  });

  it('is in no table, no event and no message but encrypted; the chain’s own words are where its payments are', () => {
    const leaks = tables.flatMap(({ table, text }) =>
      findForbidden(text, [...secrets(), ...personal(), ...forbidden(STRAY)]).map((found) => ({ table, ...found })),
    );
    expect(leaks).toEqual([]);
    const own = tables.filter(({ text }) => findForbidden(text, forbidden({ phone: OWN.buyerPhone })).length > 0);
    expect(own.map(({ table }) => table)).toEqual(['gateway.event', 'gateway.payment']);
  });

  it('is in no reason that a dead letter gives', async () => {
    const reasons = await watched.reasons();
    expect(reasons.length).toBeGreaterThanOrEqual(4);
    expect(findForbidden(reasons.join('\n'), everything())).toEqual([]);
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
  }, 60_000);
});

function numbered(name: string, values: readonly string[]): Forbidden[] {
  return values.map((value, n) => ({ name: `${name} ${n}`, value }));
}

/** Every device token that the simulated bank has ever given out. */
function tokensOf(journal: string): string[] {
  const tokens = journal.split('\n').flatMap((line) => /"t":"device","token":"([^"]+)"/.exec(line)?.[1] ?? []);
  return [...new Set(tokens)];
}
