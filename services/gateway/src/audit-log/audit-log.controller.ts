import { Controller, Get, Query as QueryParameters } from '@nestjs/common';
import { idFromUuid } from '@tolem/domain';
import { z } from 'zod';
import type { Auth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { Caller, OperatorOr } from '../http/requires.ts';
import { Transactions } from '../transactions.ts';

const listSchema = z.strictObject(pageShape);

interface AuditRow {
  readonly id: string;
  readonly tenant_id: string | null;
  readonly mode: string | null;
  readonly at: Date;
  readonly actor: 'operator' | 'api_key';
  readonly actor_key: string | null;
  readonly action: string;
  readonly subject: string;
  readonly ip: string | null;
  readonly request_id: string | null;
  readonly detail: Record<string, unknown>;
}

const auditView = z.object({
  id: z.string(),
  object: z.literal('audit_log_entry'),
  at: z.string(),
  actor: z.enum(['operator', 'api_key']),
  api_key: z.string().nullable(),
  action: z.string(),
  subject: z.string(),
  tenant: z.string().nullable(),
  mode: z.string().nullable(),
  ip: z.string().nullable(),
  request_id: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
});

@Controller('v1/audit_log')
@OperatorOr('admin')
export class AuditLogController {
  constructor(private readonly transactions: Transactions) {}

  @Get()
  @Operation({
    tag: 'Audit log',
    summary: 'Who did what, when, from where; newest first',
    description: 'A tenant sees its own entries, the operator sees all. Entries can be neither changed nor deleted.',
    answer: pageSchema(auditView),
  })
  async list(
    @Caller() auth: Auth,
    @QueryParameters({ schema: listSchema }) page: z.output<typeof listSchema>,
  ): Promise<Page<object>> {
    const rows = await this.transactions.as(auth, (query) =>
      query<AuditRow>(
        `SELECT * FROM audit_log
          WHERE ($1::uuid IS NULL OR id < $1) AND ($2::text IS NULL OR mode IS NULL OR mode = $2) ORDER BY id DESC LIMIT $3`,
        [afterOf(page), auth.kind === 'key' ? auth.mode : null, page.limit + 1],
      ),
    );
    return pageOf(rows, page, viewOf);
  }
}

function viewOf(row: AuditRow): z.output<typeof auditView> {
  return {
    id: idFromUuid('act', row.id),
    object: 'audit_log_entry',
    at: row.at.toISOString(),
    actor: row.actor,
    api_key: row.actor_key === null ? null : idFromUuid('key', row.actor_key),
    action: row.action,
    subject: row.subject,
    tenant: row.tenant_id === null ? null : idFromUuid('ten', row.tenant_id),
    mode: row.mode,
    ip: row.ip,
    request_id: row.request_id,
    detail: row.detail,
  };
}
