import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connectionPut, deviceRegister } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import type { ApiClient, Reply } from '../test/api-client.ts';
import { GatewayHarness, PROVIDER, SCHEME } from '../test/gateway-harness.ts';
import { allTold } from '../test/all-told.ts';
import { binOf, firstBins } from '../test/tax-ids.ts';

let house: GatewayHarness;
let api: ApiClient;
let tenant: string;
let certificate: string;
beforeAll(async () => {
  house = await GatewayHarness.start();
  ({ api, tenant } = await house.tenant());
  certificate = await house.certificate();
  await house.grant(certificate, tenant, BINS);
});
afterAll(() => house.close());

/** Each test takes its own. */
const BINS = firstBins(200);
const OTHER_SCHEME = PROVIDER.schemes.find(({ name }) => name !== SCHEME)?.name ?? '';
const COLUMNS = 'country,tax_id,name,scheme,certificate,desk,trade_point,max_amount';
/** A row of a connected organization. */
const row = (taxId: string, name: string, ...more: string[]): string =>
  ['KZ', taxId, name, SCHEME, certificate, ...more, '', '', ''].slice(0, 8).join(',');
const file = (...rows: string[]): string => [COLUMNS, ...rows].join('\n');

function upload(text: string, query = '', as: ApiClient = api): Promise<Reply> {
  const headers = { 'content-type': 'text/csv; charset=utf-8' };
  return as.send('POST', `/v1/organizations/bulk${query}`, text, headers);
}

const outcomes = (reply: Reply) =>
  reply.list('/rows').map(({ line, outcome, errors }) => {
    const [first] = errors as { code: string }[];
    return `${String(line)} ${String(outcome)}${first === undefined ? '' : ` ${first.code}`}`;
  });

const changes = (reply: Reply) => reply.list('/rows').map((result) => result['changes']);

/** Everything that an upload could have written. */
const everything = () =>
  house.rows(
    `SELECT (SELECT count(*) FROM organization) AS organizations, (SELECT count(*) FROM connection) AS connections,
            (SELECT count(*) FROM desk) AS desks, (SELECT count(*) FROM audit_log) AS deeds, (SELECT count(*) FROM outbox) AS messages`,
  );

describe('a file of organizations', () => {
  it('makes what is missing, says of each row what became of it, and does nothing when it comes again', async () => {
    const text = file(
      row(BINS[0] ?? '', 'First', 'kassa-1', '41', '5000000'),
      `KZ,${BINS[0] ?? ''},First,,,kassa-2,42,`,
      `KZ,${BINS[1] ?? ''},"Second, unconnected",,,,,`,
      'RU,7707083893,ООО Третье,,,,,',
    );
    const first = await upload(text);
    expect(first).toMatchObject({
      status: 200,
      body: {
        object: 'bulk_result',
        dry_run: false,
        counts: { created: 3, updated: 1, unchanged: 0, refused: 0 },
      },
    });
    expect(outcomes(first)).toEqual(['2 created', '3 updated', '4 created', '5 created']);
    expect(changes(first)).toEqual([
      ['organization', 'desk', 'connection'],
      ['desk'],
      ['organization'],
      ['organization'],
    ]);
    const [one, two, three] = first.list('/rows');
    expect(one).toMatchObject({
      tax_id: BINS[0],
      organization: expect.stringMatching(/^org_/),
      connection: expect.stringMatching(/^con_/),
      desk: expect.stringMatching(/^dsk_/),
      errors: [],
    });
    expect(two?.['organization']).toBe(one?.['organization']);
    expect(three).toMatchObject({ connection: null, desk: null });
    expect(await api.get(`/v1/organizations/${String(one?.['organization'])}`)).toMatchObject({
      body: { name: 'First', max_amount: 5_000_000 },
    });
    await waitFor('no message left', async () => (await house.rows('SELECT 1 FROM outbox')).length === 0);
    const before = await everything();
    const again = await upload(text);
    expect(again).toMatchObject({ body: { counts: { created: 0, updated: 0, unchanged: 4, refused: 0 } } });
    expect(again.list('/rows').map(({ organization }) => organization)).toEqual(
      first.list('/rows').map(({ organization }) => organization),
    );
    expect(await everything()).toEqual(before);

    house.tellConnectionState(String(one?.['connection']), {
      trade_points: [
        { ref: '41', name: 'Абая, 10' },
        { ref: '42', name: 'Сатпаева, 1' },
      ],
    });
    const desks = [one?.['desk'], two?.['desk']];
    const registered = await house.waitForCommands(deviceRegister.type, 2, ({ subject }) => desks.includes(subject));
    expect(registered.map(({ body }) => deviceRegister.produce.parse(body).trade_point_ref).sort()).toEqual([
      '41',
      '42',
    ]);
    expect(await upload(text)).toMatchObject({ body: { counts: { unchanged: 4 } } });
  });

  it('changes names, largest amounts and the places of desks, and leaves alone what it does not speak of', async () => {
    const [taxId = ''] = BINS.slice(10);
    const made = await upload(file(row(taxId, 'Old name', 'moving', '41', '5000000')));
    house.tellConnectionState(String(made.at('/rows/0/connection')), {
      trade_points: [
        { ref: '41', name: 'One' },
        { ref: '42', name: 'Two' },
      ],
    });
    const desk = String(made.at('/rows/0/desk'));
    await house.waitForCommands(deviceRegister.type, 1, ({ subject }) => subject === desk);
    expect(changes(await upload(file(`KZ,${taxId},New name,,,,,`)))).toEqual([['name']]);
    expect(changes(await upload(file(`KZ,${taxId},New name,,,moving,42,`)))).toEqual([['trade_point']]);
    expect(changes(await upload(file(`KZ,${taxId},New name,,,moving,42,5000000`)))).toEqual([[]]);
    await house.waitForCommands(deviceRegister.type, 2, ({ subject }) => subject === desk);
    expect(await api.get(`/v1/organizations?tax_id=${taxId}`)).toMatchObject({
      body: { data: [{ name: 'New name', max_amount: 5_000_000 }] },
    });
    expect(outcomes(await upload(file(`KZ,${taxId},New name,,,moving,77,`)))).toEqual([
      '2 refused trade_point_unknown',
    ]);
    expect(outcomes(await upload(file(`KZ,${taxId},New name,,,another,,`)))).toEqual([
      '2 refused trade_point_required',
    ]);
  });

  it('is tried out with dry_run: the same results, and nothing is written or sent', async () => {
    const [one = '', two = ''] = BINS.slice(20);
    await upload(file(row(one, 'There')));
    await waitFor('no message left', async () => (await house.rows('SELECT 1 FROM outbox')).length === 0);
    const before = await everything();
    const sent = house.commands.length;
    const text = file(row(one, 'Renamed'), row(two, 'Fresh', 'dry-1'), `KZ,${two},Fresh,,,dry-2,,`, 'KZ,1,No one,,,,,');
    const dry = await upload(text, '?dry_run=true');
    expect(dry).toMatchObject({
      body: { dry_run: true, counts: { created: 1, updated: 2, unchanged: 0, refused: 1 } },
    });
    expect(dry.list('/rows').map(({ organization, connection, desk }) => [organization, connection, desk])).toEqual(
      Array.from({ length: 4 }, () => [null, null, null]),
    );
    expect(await everything()).toEqual(before);
    const real = await upload(text);
    expect(outcomes(real)).toEqual(outcomes(dry));
    expect(changes(real)).toEqual(changes(dry));
    expect(changes(dry)).toEqual([['name'], ['organization', 'desk', 'connection'], ['desk'], []]);
    await house.waitForCommands(connectionPut.type, 1, ({ subject }) => subject === real.at('/rows/1/connection'));
    const early = house.commands.slice(sent).filter(({ type }) => type === connectionPut.type);
    expect(early.map(({ subject }) => subject)).toEqual([real.at('/rows/1/connection')]);
  });

  it('moves a connection to another certificate, says so before, and does it once', async () => {
    const [taxId = '', bare = ''] = BINS.slice(70);
    const other = await house.certificate();
    const ungranted = await house.certificate();
    await house.grant(other, tenant, [taxId]);
    const made = await upload(file(row(taxId, 'Moves', 'moves-1'), row(bare, 'Stays')));
    const connection = String(made.at('/rows/0/connection'));
    const look = () => api.get(`/v1/connections/${connection}`);
    const text = file(`KZ,${taxId},Moves,${SCHEME},${other},moves-2,,`, `KZ,${bare},Stays,${SCHEME},,,,`);
    const dry = await upload(text, '?dry_run=true');
    expect(outcomes(dry)).toEqual(['2 updated', '3 unchanged']);
    expect(changes(dry)).toEqual([['certificate', 'desk'], []]);
    expect(await look()).toMatchObject({ body: { certificate, version: 1 } });
    const real = await upload(text);
    expect(changes(real)).toEqual(changes(dry));
    expect(real.at('/rows/0/connection')).toBe(connection);
    expect(await look()).toMatchObject({ body: { certificate: other, version: 2, status: 'verifying' } });
    const puts = await house.waitForCommands(connectionPut.type, 2, ({ subject }) => subject === connection);
    expect(puts.map(({ body }) => connectionPut.produce.parse(body).credential_id)).toEqual([certificate, other]);
    expect(changes(await upload(text))).toEqual([[], []]);
    const refused = await upload(file(`KZ,${taxId},Renamed too,${SCHEME},${ungranted},,,`));
    expect(outcomes(refused)).toEqual(['2 refused tax_id_not_granted']);
    expect(await look()).toMatchObject({ body: { certificate: other, version: 2 } });
    expect(await api.get(`/v1/organizations?tax_id=${taxId}`)).toMatchObject({ body: { data: [{ name: 'Moves' }] } });
  });

  it('a row that is refused says why and stops no other', async () => {
    const [archived = '', connected = '', fine = '', r9 = '', alone = '', bare = '', last = ''] = BINS.slice(30);
    const made = await upload(file(`KZ,${archived},Archived,,,,,`, row(connected, 'Connected', 'held')));
    await api.post(`/v1/organizations/${String(made.at('/rows/0/organization'))}/archive`);
    const reply = await upload(
      file(
        `KZ,${archived},Archived,,,,,`,
        'KZ,123,Not a BIN,,,,,',
        row(binOf(5), 'Not granted'),
        `KZ,${connected},Connected,${OTHER_SCHEME},,,,`,
        `KZ,${fine},Fine,,,held,,`,
        `KZ,${r9},Fine,r9,${certificate},,,`,
        `KZ,${alone},Fine,,${certificate},,,`,
        `KZ,${bare},Fine,${SCHEME},,,,`,
        `RU,${fine},Fine,,,,,`,
        row(last, 'Last', 'last-desk'),
      ),
    );
    expect(outcomes(reply)).toEqual([
      '2 refused organization_archived',
      '3 refused tax_id_invalid',
      '4 refused tax_id_not_granted',
      '5 refused connection_exists',
      '6 refused desk_exists',
      '7 refused scheme_not_available',
      '8 refused scheme_required',
      '9 refused certificate_required',
      '10 refused tax_id_invalid',
      '11 created',
    ]);
    for (const taxId of [binOf(5), fine, r9, alone, bare]) {
      expect((await api.get(`/v1/organizations?tax_id=${taxId}`)).list()).toEqual([]);
    }
  });

  it('sent twice at the same moment makes everything once', async () => {
    const some = BINS.slice(40, 60);
    const text = file(...some.map((taxId, at) => row(taxId, `Twin ${at}`, `twin-${at}`)));
    const replies = await Promise.all([upload(text), upload(text)]);
    for (const { status } of replies) expect(status).toBe(200);
    const rows = await house.rows<{ count: string }>(
      `SELECT count(*) FROM organization o JOIN connection c ON c.organization_id = o.id JOIN desk d ON d.organization_id = o.id WHERE o.tax_id = ANY($1)`,
      [some],
    );
    expect(rows[0]?.count).toBe('20');
    expect(await upload(text)).toMatchObject({ body: { counts: { unchanged: 20, refused: 0 } } });
  });

  // Of a thousand in npm run test:long.
  it('of a hundred rows is carried out row by row, and again changes nothing', async () => {
    const hundred = BINS.slice(100, 200);
    const text = file(...hundred.map((taxId, at) => row(taxId, `Shop ${at}`, `shop-${at}`, '41')));
    expect(await upload(text)).toMatchObject({ body: { counts: { created: 100, refused: 0 } } });
    expect(await upload(text)).toMatchObject({ body: { counts: { unchanged: 100, refused: 0 } } });
    await allTold(house, hundred);
  });

  it.each([
    ['no header', 'KZ,260141000010,Shops\n', 400, 'invalid_csv'],
    ['a quote that is never closed', `${COLUMNS}\nKZ,"260141000010,Shops\n`, 400, 'invalid_csv'],
  ])('that cannot be read is refused as a whole, naming the line: %s', async (_, text, status, code) => {
    const before = await everything();
    expect(await upload(text)).toMatchObject({ status, body: { code, line: expect.any(Number) } });
    expect(await everything()).toEqual(before);
  });

  it('comes as text/csv, and text/csv goes nowhere else', async () => {
    const asJson = await api.post('/v1/organizations/bulk', { country: 'KZ' });
    expect(asJson).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    const headers = { 'content-type': 'text/csv', 'idempotency-key': house.nextKey() };
    const elsewhere = await api.send('POST', '/v1/organizations', COLUMNS, headers);
    expect(elsewhere).toMatchObject({ status: 415, body: { code: 'unsupported_media_type' } });
    expect(await upload(COLUMNS, '?dry_run=perhaps')).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
  });

  it('needs the scope, and a key that is not limited to some organizations', async () => {
    const { organization } = await house.organization(api);
    const limited = await api.post(`/v1/tenants/${tenant}/api_keys`, {
      mode: 'test',
      scopes: ['organizations:write'],
      organizations: [organization],
    });
    expect(await upload(COLUMNS, '', house.api(limited.string('/secret')))).toMatchObject({
      status: 403,
      body: { code: 'key_is_limited' },
    });
    const reading = await api.post(`/v1/tenants/${tenant}/api_keys`, { mode: 'test', scopes: ['payments:read'] });
    expect(await upload(COLUMNS, '', house.api(reading.string('/secret')))).toMatchObject({
      status: 403,
      body: { code: 'scope_missing' },
    });
    expect(await upload(COLUMNS, '', house.api(null))).toMatchObject({ status: 401 });
  });

  it('is not worked on without bound: a third upload at once is told to come again', async () => {
    const slow = [hold(), hold()];
    await Promise.all(slow.map(({ begun }) => begun));
    const busy = await waitFor('the third to be refused', async () => {
      const reply = await upload(COLUMNS);
      return reply.status === 429 ? reply : undefined;
    });
    expect(busy).toMatchObject({ body: { code: 'too_many_uploads', retryable: true } });
    expect(busy.headers.get('retry-after')).toBe('5');
    expect(await Promise.all(slow.map(({ end }) => end()))).toEqual([200, 200]);
    expect(await upload(COLUMNS)).toMatchObject({ status: 200, body: { rows: [] } });
  });
});

/** An upload of which the last part waits. */
function hold(): { begun: Promise<void>; end: () => Promise<number> } {
  const asking = request(`${house.gateway.url}/v1/organizations/bulk`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.key ?? ''}`, 'content-type': 'text/csv' },
  });
  const status = new Promise<number>((resolve, reject) => {
    asking.on('error', reject).on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
  });
  const begun = new Promise<void>((resolve) => asking.write(`${COLUMNS}\n`, () => resolve()));
  return {
    begun,
    end: () => {
      asking.end();
      return status;
    },
  };
}
