import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@tolem/persistence';
import type { KeyAuth } from '../http/auth.ts';
import { covers } from '../http/scopes.ts';
import { APP_DATABASE, WORKER_DATABASE } from '../tokens.ts';
import type { EventPlace, EventRow } from './event-row.ts';

export interface EventFilter {
  readonly types: readonly string[] | null;
  /** UUID. */
  readonly subject: string | null;
  readonly limit: number;
}

/** What one look at the events of a tenant gave. */
export interface EventsRead {
  /** In order, at most one more than the limit. */
  readonly rows: readonly EventRow[];
  /** The last event looked at, where there may be more of them behind it. */
  readonly last: (EventPlace & { readonly created_at: string }) | null;
  readonly era: number;
  /** Every event before this txid of the era has been looked at. */
  readonly horizon: string;
  /** Something is committed already that can be read only when transactions that began before it have ended. */
  readonly held: boolean;
}

export interface WaitingReader extends EventPlace {
  readonly tenantId: string;
  readonly mode: string;
}

/** Most events that one statement looks at where a filter lets few of them through. */
const MAX_SCAN = 5_000;

/** Reads events: a caller sees those of its tenant and mode, as far as its key reaches. */
@Injectable()
export class EventStore {
  constructor(
    @Inject(APP_DATABASE) private readonly app: Database,
    @Inject(WORKER_DATABASE) private readonly worker: Database,
  ) {}

  /** @param after null: from the oldest; 'latest': nothing, only the place of now */
  read(caller: KeyAuth, after: EventPlace | 'latest' | null, filter: EventFilter): Promise<EventsRead> {
    const { types, subject, limit } = filter;
    const isFiltered = types !== null || caller.organizations !== null || !seesEndpoints(caller);
    return this.#call<EventsRead>('read_events', caller, {
      ...(after === 'latest' ? { latest: true } : (after ?? {})),
      types,
      subject,
      limit,
      scan: isFiltered ? Math.max(MAX_SCAN, limit + 1) : limit + 1,
    });
  }

  /** Undefined where it does not exist for this key. */
  async get(caller: KeyAuth, id: string): Promise<EventRow | undefined> {
    return (await this.#call<EventRow | null>('read_event', caller, { id })) ?? undefined;
  }

  /**
   * Which of these readers have something to read: true where they can read it now, false where it is committed but must
   * wait for transactions that began before it. Readers without news are absent. One statement for all of them.
   */
  async newsFor(readers: readonly WaitingReader[]): Promise<Map<number, boolean>> {
    const waiting = readers.map(({ tenantId, mode, era, txid, seq }, n) => ({
      n,
      tenant: tenantId,
      mode,
      era,
      txid,
      seq,
    }));
    const rows = await this.worker.query<{ n: number; ready: boolean }>('SELECT * FROM news_of_events($1::jsonb)', [
      JSON.stringify(waiting),
    ]);
    return new Map(rows.map(({ n, ready }) => [n, ready]));
  }

  async #call<T>(name: string, caller: KeyAuth, more: Readonly<Record<string, unknown>>): Promise<T> {
    const p = {
      tenant: caller.tenantId,
      mode: caller.mode,
      organizations: caller.organizations,
      endpoints: seesEndpoints(caller),
      ...more,
    };
    const [row] = await this.app.query<{ answer: T }>(`SELECT ${name}($1::jsonb) AS answer`, [JSON.stringify(p)]);
    if (row === undefined) throw new Error(`${name} gave no answer`);
    return row.answer;
  }
}

/** The address of an endpoint may carry a secret of its owner, and its events are about the whole tenant. */
function seesEndpoints(caller: KeyAuth): boolean {
  return caller.organizations === null && covers(caller.scopes, ['webhooks:write']);
}
