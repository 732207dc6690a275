import { Inject, Injectable } from '@nestjs/common';
import type { Clock } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import type { Origin } from '../http/origin.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOCK } from '../tokens.ts';
import type { Query } from '../transactions.ts';
import { ConnectionCommands } from './connection-commands.ts';
import type { ConnectionRow } from './connection.ts';

export interface LostGrants {
  readonly certificateId: string;
  readonly tenantId: string;
  readonly taxIds: readonly string[];
}

/** Disables connections that stood on a grant which is gone. Works under the worker role, within the caller's transaction. */
@Injectable()
export class CutConnections {
  constructor(
    private readonly commands: ConnectionCommands,
    private readonly outbox: OutboxRows,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async cut(query: Query, lost: LostGrants, origin: Origin): Promise<OutboxRow[]> {
    const rows = await query<ConnectionRow & { tax_id: string }>(
      `UPDATE connection c SET enabled = false, version = c.version + 1, verifying = false, updated_at = $4
         FROM organization o
        WHERE o.id = c.organization_id AND c.enabled AND c.credential_id = $1 AND c.tenant_id = $2 AND o.tax_id = ANY($3)
        RETURNING c.*, o.tax_id`,
      [lost.certificateId, lost.tenantId, lost.taxIds, new Date(this.clock.now())],
    );
    return this.outbox.write(
      query,
      rows.map((row) => this.commands.put(row, row.tax_id, origin.traceparent)),
    );
  }
}
