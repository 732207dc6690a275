import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { uuidFromId } from '@tolem/domain';
import { GatewayHarness, type Shop } from './gateway-harness.ts';

let house: GatewayHarness;
let one: Shop;
let other: Shop;
beforeAll(async () => {
  house = await GatewayHarness.start();
  one = await house.onboard();
  other = await house.onboard();
  for (const shop of [one, other]) {
    await shop.api.post('/v1/desks', {
      organization: shop.organization,
      desk: 'desk-01',
      trade_point: shop.tradePoints[0],
    });
  }
});
afterAll(() => house.close());

/** Tables with rows of tenants, and which column says whose they are. */
const TABLES: Readonly<Record<string, string>> = {
  tenant: 'id',
  api_key: 'tenant_id',
  audit_log: 'tenant_id',
  idempotency: 'tenant_id',
  organization: 'tenant_id',
  credential_grant: 'tenant_id',
  connection: 'tenant_id',
  trade_point: 'tenant_id',
  desk: 'tenant_id',
  desk_device: 'tenant_id',
};

const uuidOf = (shop: Shop): string => uuidFromId('ten', shop.tenant) ?? '';

describe('the role of the public API', () => {
  it('sees nothing at all while no tenant is set', async () => {
    for (const table of [...Object.keys(TABLES), 'certificate']) {
      expect({ table, rows: await house.gateway.appDatabase.query(`SELECT * FROM ${table}`) }).toEqual({
        table,
        rows: [],
      });
    }
  });

  it('sees the rows of the tenant that is set and of no other', async () => {
    for (const [table, column] of Object.entries(TABLES)) {
      const seen = await house.gateway.appDatabase.asTenant(uuidOf(one), (manager) =>
        manager.query<Record<string, unknown>[]>(`SELECT DISTINCT ${column} AS tenant FROM ${table}`),
      );
      expect({ table, seen }).toEqual({ table, seen: [{ tenant: uuidOf(one) }] });
    }
  });

  it('forgets the tenant with the transaction, so that the next one on the connection sees nothing', async () => {
    for (let n = 0; n < 20; n += 1) {
      await house.gateway.appDatabase.asTenant(uuidOf(one), (manager) => manager.query('SELECT 1'));
      expect(await house.gateway.appDatabase.query('SELECT id FROM organization')).toEqual([]);
    }
  });

  it('can neither write into another tenant nor move a row there', async () => {
    const as = (sql: string, values: unknown[]) =>
      house.gateway.appDatabase.asTenant(uuidOf(one), (manager) => manager.query(sql, values));
    await expect(
      as(
        `INSERT INTO organization (id, tenant_id, mode, country, tax_id, tax_id_kind, name, timezone, max_amount)
         VALUES (gen_random_uuid(), $1, 'test', 'KZ', '1', 'BIN', 'x', 'UTC', 1)`,
        [uuidOf(other)],
      ),
    ).rejects.toThrow(/row-level security/);
    await expect(as('UPDATE organization SET tenant_id = $1', [uuidOf(other)])).rejects.toThrow(/row-level security/);
    expect(
      await as('UPDATE organization SET name = $1 WHERE tenant_id = $2 RETURNING id', ['x', uuidOf(other)]),
    ).toEqual([[], 0]);
  });

  it('cannot hang a row of one tenant onto a parent of another, whatever a use case forgets', async () => {
    await expect(
      house.gateway.appDatabase.asTenant(uuidOf(one), (manager) =>
        manager.query(
          `INSERT INTO desk (id, tenant_id, mode, organization_id, external_id) VALUES (gen_random_uuid(), $1, 'test', $2, 'x')`,
          [uuidOf(one), uuidFromId('org', other.organization)],
        ),
      ),
    ).rejects.toThrow(/foreign key/);
  });
});

describe('the roles of the running service', () => {
  it('own no table, are no superusers and do not bypass row-level security', async () => {
    expect(
      await house.rows(
        `SELECT rolname, rolsuper, rolbypassrls, rolcreaterole,
                (SELECT count(*)::int FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relowner = r.oid) AS owned
           FROM pg_roles r WHERE rolname IN ('tolem_gateway', 'tolem_gateway_worker') ORDER BY rolname`,
      ),
    ).toEqual(
      ['tolem_gateway', 'tolem_gateway_worker'].map((rolname) => ({
        rolname,
        rolsuper: false,
        rolbypassrls: false,
        rolcreaterole: false,
        owned: 0,
      })),
    );
  });

  it('meet forced row-level security on every table that says whose its rows are', async () => {
    const open = await house.rows(
      `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'gateway' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
        ORDER BY c.relname`,
    );
    expect(open).toEqual([
      { relname: 'dead_letter' },
      { relname: 'function_file' },
      { relname: 'migration' },
      { relname: 'outbox' },
    ]);
  });

  it('let only the worker see all tenants, and only by policies that say so', async () => {
    const wide = await house.rows<{ policyname: string; roles: string }>(
      `SELECT DISTINCT policyname, roles::text FROM pg_policies WHERE schemaname = 'gateway' AND qual = 'true' ORDER BY 1, 2`,
    );
    expect(new Set(wide.map((row) => row.roles))).toEqual(new Set(['{tolem_gateway_worker}']));
    expect(await house.gateway.workerDatabase.query('SELECT id FROM organization')).toHaveLength(2);
  });
});
