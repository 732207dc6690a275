import { Inject, Injectable } from '@nestjs/common';
import { type Failure, providerNamed } from '@tolem/contracts';
import type { Clock } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import { DeskDevices, type DeskKey } from '../desks/desk-devices.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOCK } from '../tokens.ts';
import type { TradePointRow } from '../trade-points/trade-points.ts';
import { type Query, Transactions } from '../transactions.ts';
import { setUpFailure } from './admin-text.ts';

interface Waiting {
  readonly id: string;
  readonly organization_id: string;
  readonly provider: string;
  readonly onboarding_desk_id: string | null;
  readonly onboarding_asked: number;
  readonly verifications: number;
}

interface WaitingDesk extends DeskKey {
  readonly trade_point_id: string | null;
  readonly wanted_trade_point: string | null;
  readonly device: 'pending' | 'registered' | 'failed' | 'deleted' | null;
}

/** What becomes of a connection's onboarding; absent: it stays as it is. */
type Step =
  | { readonly status: 'ready' | 'registering_device'; readonly published?: readonly OutboxRow[] }
  | { readonly status: 'failed'; readonly reason: Failure }
  | undefined;

const WAITING = `
SELECT id, organization_id, provider, onboarding_desk_id, onboarding_asked, verifications FROM connection
 WHERE id = ANY($1) AND enabled AND health = 'up' AND onboarding IN ('verifying', 'failed')
 ORDER BY id FOR NO KEY UPDATE`;

const DESKS = `
SELECT d.id, d.tenant_id, d.mode, d.organization_id, d.trade_point_id, d.wanted_trade_point, v.status AS device
  FROM desk d LEFT JOIN desk_device v ON v.desk_id = d.id AND v.provider = $2
 WHERE d.organization_id = $1 AND d.deleted_at IS NULL
   AND (d.id = $3 OR (d.wanted_trade_point IS NOT NULL AND d.trade_point_id IS NULL))
 ORDER BY d.id = $3 DESC NULLS LAST, d.id`;

const POINT = `
SELECT * FROM trade_point
 WHERE organization_id = $1 AND provider = $2
   AND CASE WHEN $3::uuid IS NOT NULL THEN id = $3
            WHEN $4::text IS NOT NULL THEN active AND provider_ref = $4 ELSE active END
 ORDER BY id LIMIT 1`;

/**
 * The last step of onboarding: once the provider lists the trade points, the first desk is put into its own, or the first
 * of them, and its device asked for; so are the organization's other desks that named a trade point before it was known.
 * The answer, `device.state`, ends the onboarding.
 */
@Injectable()
export class FirstDevices {
  constructor(
    private readonly transactions: Transactions,
    private readonly devices: DeskDevices,
    private readonly outbox: OutboxRows,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** @param connections UUIDs of connections that were heard to be up; may be called again for the same ones */
  async ask(connections: readonly string[]): Promise<void> {
    if (connections.length === 0) return;
    const published = await this.transactions.as({ kind: 'operator' }, async (query) => {
      const rows: OutboxRow[] = [];
      for (const connection of await query<Waiting>(WAITING, [connections])) {
        rows.push(...(await this.#advance(query, connection)));
      }
      return rows;
    });
    this.outbox.publish(published);
  }

  async #advance(query: Query, connection: Waiting): Promise<readonly OutboxRow[]> {
    const { id, organization_id: organizationId, provider, onboarding_desk_id: firstId } = connection;
    const desks = await query<WaitingDesk>(DESKS, [organizationId, provider, firstId]);
    const first = desks.find((desk) => desk.id === firstId);
    const step = await this.#first(query, connection, first);
    const published = step !== undefined && 'published' in step ? [...(step.published ?? [])] : [];
    for (const desk of desks) {
      if (desk.id === firstId) continue;
      const point = await pointOf(query, provider, desk);
      if (point !== undefined) published.push(...(await this.#register(query, desk, point)));
    }
    if (step !== undefined) {
      await query(
        `UPDATE connection SET onboarding = $2, onboarding_reason = $3, onboarding_asked = verifications, updated_at = $4 WHERE id = $1`,
        [id, step.status, 'reason' in step ? JSON.stringify(step.reason) : null, new Date(this.clock.now())],
      );
    }
    return published;
  }

  async #first(query: Query, connection: Waiting, desk: WaitingDesk | undefined): Promise<Step> {
    const { provider } = connection;
    // A desk that was deleted meanwhile, or a provider without trade points, needs no device from us.
    if (desk === undefined || providerNamed(provider)?.tradePoints !== true) return { status: 'ready' };
    if (desk.device === 'registered') return { status: 'ready' };
    if (desk.device === 'pending') return { status: 'registering_device' };
    // A refused device is asked for again when somebody has mended what was wrong and verifies, and not in a circle.
    if (desk.device === 'failed' && connection.onboarding_asked >= connection.verifications) return undefined;
    const point = await pointOf(query, provider, desk);
    if (point !== undefined) {
      return { status: 'registering_device', published: await this.#register(query, desk, point) };
    }
    const code = desk.wanted_trade_point === null ? 'no_trade_points' : 'trade_point_unknown';
    return { status: 'failed', reason: setUpFailure(code) };
  }

  async #register(query: Query, desk: WaitingDesk, point: TradePointRow): Promise<OutboxRow[]> {
    if (desk.trade_point_id !== point.id) {
      await query('UPDATE desk SET trade_point_id = $2, updated_at = $3 WHERE id = $1', [
        desk.id,
        point.id,
        new Date(this.clock.now()),
      ]);
    }
    return this.devices.register(query, desk, point, undefined);
  }
}

/** The trade point that a desk stands in, else the one that it named, else the first that is listed. */
async function pointOf(query: Query, provider: string, desk: WaitingDesk): Promise<TradePointRow | undefined> {
  const [point] = await query<TradePointRow>(POINT, [
    desk.organization_id,
    provider,
    desk.trade_point_id,
    desk.wanted_trade_point,
  ]);
  return point;
}
