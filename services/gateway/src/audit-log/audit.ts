import { Inject, Injectable } from '@nestjs/common';
import type { IdFactory } from '@tolem/domain';
import type { Auth } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import { IDS } from '../tokens.ts';
import type { Query } from '../transactions.ts';

export interface AuditEntry {
  readonly auth: Auth;
  readonly origin: Origin;
  /** What was done, e.g. `tenant.create`. */
  readonly action: string;
  /** Public id of what it was done to. */
  readonly subject: string;
  /** UUID of the tenant that it concerns; null where it concerns the house alone. */
  readonly tenantId: string | null;
  readonly mode?: string | null;
  /** What changed; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** Writes who did what into the transaction that does it: no deed without its line, no line without its deed. */
@Injectable()
export class Audit {
  constructor(@Inject(IDS) private readonly ids: IdFactory) {}

  async write(query: Query, entry: AuditEntry): Promise<void> {
    const key = entry.auth.kind === 'key' ? entry.auth : undefined;
    await query(
      `INSERT INTO audit_log (id, tenant_id, mode, actor, actor_key, action, subject, ip, request_id, detail)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
      [
        this.ids.uuid(),
        entry.tenantId,
        entry.mode ?? key?.mode ?? null,
        key === undefined ? 'operator' : 'api_key',
        key?.keyId ?? null,
        entry.action,
        entry.subject,
        entry.origin.ip,
        entry.origin.requestId,
        JSON.stringify(entry.detail ?? {}),
      ],
    );
  }
}
