import { Inject, Injectable } from '@nestjs/common';
import { MODES, subjectClose } from '@tolem/contracts';
import type { WakeUps } from '@tolem/coordination';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import { Audit } from '../audit-log/audit.ts';
import { ApiProblem, notFound, unprocessable } from '../http/api-problem.ts';
import type { Auth } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { CLOCK, IDS, WAKE_UPS } from '../tokens.ts';
import { type Query, Transactions } from '../transactions.ts';
import { type AttentionRow, attentionView, subjectsOf } from './attention.ts';
import type { ResolveAttentionBody } from './attention.schema.ts';

type Resolved =
  | { readonly outcome: 'not_found' }
  | { readonly outcome: 'resolved' | 'repeated' | 'closed' | 'amount_unknown'; readonly attention: AttentionRow }
  | { readonly outcome: 'not_possible'; readonly attention: AttentionRow; readonly possible: readonly string[] };

/**
 * A person's decision. An unknown payment or refund becomes succeeded or failed by it, and whoever waits for it is woken;
 * everything else is acknowledged. The provider's later word still counts: money outranks a "failed", and "not paid"
 * after a "succeeded" opens attention again instead of taking the money back.
 */
@Injectable()
export class ResolveAttention {
  constructor(
    private readonly transactions: Transactions,
    private readonly audit: Audit,
    private readonly outbox: OutboxRows,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
  ) {}

  async run(auth: Auth, origin: Origin, id: string, body: ResolveAttentionBody): Promise<AttentionRow> {
    const resolved = await this.transactions.as(auth, async (query) => {
      const answer = await this.#decide(query, auth, id, body);
      if (answer.outcome === 'resolved') await this.#note(query, auth, origin, answer.attention);
      return answer;
    });
    switch (resolved.outcome) {
      case 'not_found':
        throw notFound('attention');
      case 'closed':
        throw closed(resolved.attention);
      case 'not_possible':
        throw notPossible(resolved.attention, resolved.possible);
      case 'amount_unknown':
        throw amountUnknown();
      case 'resolved':
        this.wakeUps.wake(waitedFor(resolved.attention));
        return resolved.attention;
      case 'repeated':
        return resolved.attention;
    }
  }

  async #decide(query: Query, auth: Auth, id: string, body: ResolveAttentionBody): Promise<Resolved> {
    const key = auth.kind === 'key' ? auth : undefined;
    const [mode] = MODES;
    const [row] = await query<{ answer: Resolved }>('SELECT resolve_attention($1::jsonb) AS answer', [
      JSON.stringify({
        id,
        mode: key?.mode ?? null,
        organizations: key?.organizations ?? null,
        outcome: body.outcome,
        reason: body.reason,
        evidence: body.evidence ?? null,
        by: key === undefined ? 'operator' : idFromUuid('key', key.keyId),
        event_id: this.ids.uuid(),
        now: new Date(this.clock.now()).toISOString(),
        // Tenant, mode and provider are those of what is decided about.
        outbox: this.outbox.forEveryProvider({ definition: subjectClose, tenant: null, mode }),
      }),
    ]);
    if (row === undefined) throw new Error('the database decided nothing');
    return row.answer;
  }

  #note(query: Query, auth: Auth, origin: Origin, row: AttentionRow): Promise<void> {
    const { payment, refund, certificate } = subjectsOf(row);
    return this.audit.write(query, {
      auth,
      origin,
      action: 'attention.resolve',
      subject: idFromUuid('att', row.id),
      tenantId: row.tenant_id,
      mode: row.mode,
      detail: {
        payment,
        ...(refund === null ? {} : { refund }),
        ...(certificate === null ? {} : { certificate }),
        kind: row.kind,
        outcome: row.outcome,
        reason: row.reason,
        evidence: row.evidence,
      },
    });
  }
}

/** Who may wait for it: of a refund also those who look at its payment. */
function waitedFor(row: AttentionRow): string[] {
  const { payment, refund } = subjectsOf(row);
  return [refund, payment].filter((id) => id !== null);
}

function closed(row: AttentionRow): ApiProblem {
  const detail = 'This is closed already, with another outcome, reason or evidence: see `attention`.';
  return new ApiProblem(409, 'attention_closed', detail, { extra: { attention: attentionView(row) } });
}

function notPossible(row: AttentionRow, possible: readonly string[]): ApiProblem {
  const detail = `Attention of the kind \`${row.kind}\` can be resolved with: ${possible.join(', ')}.`;
  return unprocessable('outcome_not_possible', '/outcome', detail);
}

function amountUnknown(): ApiProblem {
  const detail = 'Nobody has told the amount of this yet, so it cannot be declared paid.';
  return unprocessable('amount_unknown', '/outcome', detail);
}
