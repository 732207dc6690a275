import { Inject, Injectable } from '@nestjs/common';
import { type ConnectionState, connectionState, type Envelope } from '@tolem/contracts';
import type { IdFactory } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import { bodyOf, uuidIn } from '../message-body.ts';
import { FirstDevices } from '../onboarding/first-devices.ts';
import { IDS, WORKER_DATABASE } from '../tokens.ts';

interface Fact {
  readonly id: string;
  readonly seq: number;
  readonly version: number;
  readonly health: ConnectionState['health'];
  readonly reason: ConnectionState['reason'];
  readonly at: string;
  readonly points: ConnectionState['trade_points'];
}

/**
 * One statement for a whole batch. A fact counts where it is newer than what is known and speaks of the present settings;
 * everything else about that connection is old news. Trade points that the provider lists are written by their
 * provider's own id, those that it no longer lists become inactive; no list leaves them as they are. Onboarding halts at
 * a refusal and waits while the provider is away; what follows once it is up is FirstDevices' to decide.
 */
const APPLY = `
WITH fact AS (
  SELECT * FROM jsonb_to_recordset($1) AS f(id uuid, seq bigint, version int, health text, reason jsonb, at timestamptz, points jsonb)
), moved AS (
  UPDATE connection c
     SET health = f.health, reason = nullif(f.reason, 'null'), provider_seq = f.seq, verifying = false, checked_at = f.at, updated_at = now(),
         onboarding = CASE WHEN c.onboarding = 'ready' OR f.health = 'up' THEN c.onboarding
                           WHEN f.health = 'refused' THEN CASE WHEN c.onboarding IS NOT NULL THEN 'failed' END
                           WHEN c.onboarding = 'failed' THEN 'verifying'
                           ELSE c.onboarding END,
         onboarding_reason = CASE WHEN c.onboarding IN ('verifying', 'registering_device', 'failed') AND f.health <> 'up'
                                  THEN nullif(f.reason, 'null') ELSE c.onboarding_reason END,
         -- Whoever was refused and is let in again has a first device to ask for again.
         onboarding_asked = CASE WHEN f.health = 'refused' THEN 0 ELSE c.onboarding_asked END
    FROM fact f
   WHERE c.id = f.id AND c.provider_seq < f.seq AND c.version = f.version AND c.enabled
  RETURNING c.id, c.tenant_id, c.mode, c.organization_id, c.provider, nullif(f.points, 'null') AS points
), listed AS (
  SELECT m.*, p.id AS point_id, p.ref, p.name
    FROM moved m CROSS JOIN LATERAL jsonb_to_recordset(m.points) AS p(id uuid, ref text, name text)
   WHERE m.points IS NOT NULL
), written AS (
  INSERT INTO trade_point (id, tenant_id, mode, organization_id, connection_id, provider, provider_ref, name)
  SELECT point_id, tenant_id, mode, organization_id, id, provider, ref, name FROM listed
  ON CONFLICT ON CONSTRAINT trade_point_ref
  DO UPDATE SET name = EXCLUDED.name, connection_id = EXCLUDED.connection_id, active = true, updated_at = now()
), vanished AS (
  UPDATE trade_point t SET active = false, updated_at = now()
    FROM moved m
   WHERE m.points IS NOT NULL AND t.active AND t.organization_id = m.organization_id AND t.provider = m.provider
     AND NOT EXISTS (SELECT FROM listed l WHERE l.id = m.id AND l.ref = t.provider_ref)
)
SELECT id FROM moved`;

/** Takes in what provider services tell of connections. */
@Injectable()
export class ApplyConnectionStates {
  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(IDS) private readonly ids: IdFactory,
    private readonly firstDevices: FirstDevices,
  ) {}

  /** Applies a batch; returns the UUIDs of the connections that changed. */
  async run(batch: readonly Envelope[]): Promise<readonly string[]> {
    const facts = newestOf(batch.map((envelope) => factOf(envelope)));
    const rows = facts.map((fact) => ({ ...fact, points: this.#withIds(fact.points) }));
    const changed = await this.db.query<{ id: string }>(APPLY, [JSON.stringify(rows)]);
    // Not only of what changed just now: a batch that comes again makes up for what a crash left undone.
    await this.firstDevices.ask(facts.filter(({ health }) => health === 'up').map(({ id }) => id));
    return changed.map((row) => row.id);
  }

  /** Each trade point once, with an id in case it is seen for the first time. */
  #withIds(points: Fact['points']): unknown {
    if (points === null) return null;
    const byRef = new Map(points.map((point) => [point.ref, point.name]));
    return [...byRef].map(([ref, name]) => ({ id: this.ids.uuid(), ref, name }));
  }
}

function factOf(envelope: Envelope): Fact {
  const body = bodyOf(connectionState, envelope);
  return {
    id: uuidIn('con', body.subject_id),
    seq: body.seq,
    version: body.connection_version,
    health: body.health,
    reason: body.reason,
    at: body.observed_at,
    points: body.trade_points,
  };
}

/** The newest fact of each connection; a list of trade points that came just before it is not lost. */
function newestOf(facts: readonly Fact[]): Fact[] {
  const newest = new Map<string, Fact>();
  for (const fact of [...facts].sort((a, b) => a.seq - b.seq)) {
    const earlier = newest.get(fact.id);
    const points = fact.points ?? (earlier?.version === fact.version ? earlier.points : null);
    newest.set(fact.id, { ...fact, points });
  }
  return [...newest.values()];
}
