import { Inject, Injectable } from '@nestjs/common';
import { deviceState, type Envelope } from '@tolem/contracts';
import { uuidFromId } from '@tolem/domain';
import type { Database } from '@tolem/persistence';
import { bodyOf, uuidIn } from '../message-body.ts';
import { WORKER_DATABASE } from '../tokens.ts';

/**
 * One statement for a whole batch: forward-only by `seq`. The connection tells which provider speaks, and must belong to
 * the desk's own organization.
 */
const APPLY = `
INSERT INTO desk_device AS v (desk_id, provider, tenant_id, mode, status, failure, provider_seq)
SELECT DISTINCT ON (d.id, c.provider) d.id, c.provider, d.tenant_id, d.mode, f.status, nullif(f.failure, 'null'), f.seq
  FROM jsonb_to_recordset($1) AS f(desk uuid, connection uuid, seq bigint, status text, failure jsonb)
  JOIN desk d ON d.id = f.desk
  JOIN connection c ON c.id = f.connection AND c.organization_id = d.organization_id
 ORDER BY d.id, c.provider, f.seq DESC
ON CONFLICT (desk_id, provider) DO UPDATE
   SET status = EXCLUDED.status, failure = EXCLUDED.failure, provider_seq = EXCLUDED.provider_seq, updated_at = now()
 WHERE v.provider_seq < EXCLUDED.provider_seq`;

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
