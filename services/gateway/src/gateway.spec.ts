import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Metrics } from '@tolem/observability';
import { connectionPut } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import pg from 'pg';
import { startGateway } from './gateway.ts';
import { GatewayHarness, PROVIDER } from './test/gateway-harness.ts';

let house: GatewayHarness | undefined;
afterEach(async () => {
  await house?.close();
  house = undefined;
});

async function start(): Promise<GatewayHarness> {
  house = await GatewayHarness.start();
  return house;
}

describe('the life of the gateway', () => {
  it('answers what runs when it closes, then takes nothing more', async () => {
    const running = await GatewayHarness.start();
    const { url } = running.gateway;
    const blocker = new pg.Client({ connectionString: running.database.adminUrl, options: '-c search_path=gateway' });
    await blocker.connect();
    await blocker.query('BEGIN');
    await blocker.query('LOCK TABLE tenant IN ACCESS EXCLUSIVE MODE');
    const busy = [1, 2, 3].map((n) => running.operator.post('/v1/tenants', { name: `Chain ${n}` }));
    await waitFor('three requests under way', async () => {
      const waiting = await running.rows(
        `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tolem_gateway_worker' AND wait_event_type = 'Lock'`,
      );
      return waiting.length === busy.length;
    });
    const closed = running.close();
    await blocker.query('COMMIT');
    await blocker.end();
    expect((await Promise.all(busy)).map(({ status }) => status)).toEqual([201, 201, 201]);
    await closed;
    const { hostname, port } = new URL(url);
    const refused = await new Promise<boolean>((resolve) => {
      const socket = connect(Number(port), hostname, () => resolve(false));
      socket.on('error', () => resolve(true));
    });
    expect(refused).toBe(true);
  });

  it('sends what a crash has left in the outbox, and clears it away', async () => {
    const running = await start();
    const shop = await running.onboard();
    const seen = running.commandsOf(connectionPut.type).length;
    await running.rows(
      `INSERT INTO outbox (id, topic, consumer, key, headers, body, created_at)
       SELECT gen_random_uuid(), $1, $2, $3, $4::jsonb, $5::jsonb, now() - interval '1 minute'`,
      [
        `commands.${PROVIDER.name}`,
        PROVIDER.name,
        shop.connection,
        JSON.stringify({
          ce_id: running.ids.next('msg'),
          ce_type: connectionPut.type,
          ce_source: 'gateway',
          ce_subject: shop.connection,
          ce_time: new Date().toISOString(),
          tenant: shop.tenant,
          mode: 'test',
          schema: 1,
        }),
        JSON.stringify(running.commandsOf(connectionPut.type).at(-1)?.body),
      ],
    );
    await running.waitForCommands(connectionPut.type, seen + 1);
    await waitFor('an empty outbox', async () => (await running.rows('SELECT 1 FROM outbox')).length === 0);
  });

  it('fails its check and answers 503 with Retry-After while the database refuses it, and recovers by itself', async () => {
    const running = await start();
    const { api } = await running.tenant();
    await running.gateway.ready();
    // Only this database: roles belong to the whole server, which other specs use at the same time.
    await running.rows(`ALTER DATABASE ${running.database.name} CONNECTION LIMIT 0`);
    try {
      await running.rows(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tolem_gateway' AND datname = current_database()`,
      );
      const reply = await waitFor('a 503', async () => {
        const answer = await api.get('/v1/organizations');
        return answer.status === 503 ? answer : undefined;
      });
      expect(reply).toMatchObject({ status: 503, body: { code: 'temporarily_unavailable', retryable: true } });
      expect(reply.headers.get('retry-after')).toBe('1');
      await expect(running.gateway.ready()).rejects.toThrow();
    } finally {
      await running.rows(`ALTER DATABASE ${running.database.name} CONNECTION LIMIT -1`);
    }
    await waitFor('recovery', async () => (await api.get('/v1/organizations')).status === 200);
    await running.gateway.ready();
  });

  it('refuses to start on a database that it cannot enter, and leaves nothing open', async () => {
    const running = await start();
    const config = { ...running.config, workerDatabaseUrl: running.database.urlOf('tolem_nobody') };
    const parts = {
      bus: running.bus,
      wakeUps: { wake: () => undefined, listen: () => () => undefined },
      clock: running.clock,
      ids: running.ids,
      metrics: new Metrics(),
    };
    const silent = {
      debug: () => undefined,
      info: () => undefined,
      warn: () => undefined,
      error: () => undefined,
      child: () => silent,
    };
    await expect(startGateway(config, { ...parts, logger: silent })).rejects.toThrow(/tolem_nobody/);
    const open = await running.rows<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND usename = 'tolem_gateway'`,
    );
    expect(open[0]?.n).toBeLessThanOrEqual(running.config.poolSize);
  });
});
