import { Inject, Injectable } from '@nestjs/common';
import { deviceState, type Envelope } from '@tolem/contracts';
import { uuidFromId } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import { bodyOf, uuidIn } from '../message-body.ts';
import { WORKER_DATABASE } from '../tokens.ts';

/**
 * One statement for a whole batch: forward-only by `seq`. The connection tells which provider speaks, and must belong to
 * the desk's own organization. A connection whose first device this is has its onboarding ended by it, or halted, or
 * waits on while the provider cannot be asked, and says why.
 */
const APPLY = `
WITH told AS (
  INSERT INTO desk_device AS v (desk_id, provider, tenant_id, mode, status, failure, provider_seq)
  SELECT DISTINCT ON (d.id, c.provider) d.id, c.provider, d.tenant_id, d.mode, f.status, nullif(f.failure, 'null'), f.seq
    FROM jsonb_to_recordset($1) AS f(desk uuid, connection uuid, seq bigint, status text, failure jsonb)
    JOIN desk d ON d.id = f.desk
    JOIN connection c ON c.id = f.connection AND c.organization_id = d.organization_id
   ORDER BY d.id, c.provider, f.seq DESC
  ON CONFLICT (desk_id, provider) DO UPDATE
     SET status = EXCLUDED.status, failure = EXCLUDED.failure, provider_seq = EXCLUDED.provider_seq, updated_at = now()
   WHERE v.provider_seq < EXCLUDED.provider_seq
  RETURNING v.desk_id, v.provider, v.status, v.failure
)
UPDATE connection c
   SET onboarding = CASE t.status WHEN 'registered' THEN 'ready' WHEN 'pending' THEN 'registering_device' ELSE 'failed' END,
       onboarding_reason = CASE t.status WHEN 'registered' THEN NULL ELSE t.failure END, updated_at = now()
  FROM told t
 WHERE c.onboarding_desk_id = t.desk_id AND c.provider = t.provider AND c.enabled AND c.onboarding <> 'ready'
   AND t.status IN ('pending', 'registered', 'failed')`;

/** Takes in what provider services tell of the devices behind desks. */
@Injectable()
export class ApplyDeviceStates {
  constructor(@Inject(WORKER_DATABASE) private readonly db: Database) {}

  async run(batch: readonly Envelope[]): Promise<void> {
    const facts = batch.map((envelope) => {
      const body = bodyOf(deviceState, envelope);
      return {
        // A provider service may name a device otherwise; then it is none of a desk that we know.
        desk: uuidFromId('dsk', body.subject_id) ?? null,
        connection: uuidIn('con', body.connection_id),
        seq: body.seq,
        status: body.status,
        failure: body.failure,
      };
    });
    await this.db.query(APPLY, [JSON.stringify(facts)]);
  }
}
