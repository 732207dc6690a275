import { Inject, Injectable } from '@nestjs/common';
import { type Clock } from '@tolem/domain';
import { Answer } from '../http/answer.ts';
import { ApiProblem, notFound } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import { CLOCK } from '../tokens.ts';
import { type EventCursor, expiredCursor, readCursor, writeCursor } from './event-cursor.ts';
import { EventReaders, type WaitingRequest } from './event-readers.ts';
import type { EventRow } from './event-row.ts';
import { type EventFilter, type EventsRead, EventStore } from './event-store.ts';
import { type EventsPage, LATEST, type ReadEventsQuery } from './event.schema.ts';
import { type EventView, eventView } from './event.view.ts';

/** One answer in the making. */
interface Look {
  readonly rows: readonly EventRow[];
  readonly hasMore: boolean;
  readonly cursor: EventCursor;
  readonly held: boolean;
}

/**
 * What happened, in an order that never changes: a reader that passes `next` on sees every event once, also while fifty
 * transactions commit beside it. It waits for the next one where it has seen all.
 */
@Injectable()
export class ReadEvents {
  constructor(
    private readonly store: EventStore,
    private readonly readers: EventReaders,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  async run(caller: KeyAuth, query: ReadEventsQuery, gone: AbortSignal): Promise<Answer> {
    const { wait = 0, after, limit, type, subject } = query;
    const nowMs = this.clock.now();
    const from = after === undefined || after === LATEST ? after : readCursor(caller, after, nowMs);
    const filter = { types: type ?? null, subject: subject ?? null, limit };
    if (wait === 0) return this.#answer(caller, await this.#look(caller, from, filter));
    // Listens before it reads, so that nothing falls in between.
    const waiting = this.readers.wait(caller, wait * 1_000, gone);
    if (waiting === undefined) throw tooManyWaiters();
    try {
      return this.#answer(caller, await this.#lookUntilNews(caller, from, filter, waiting));
    } finally {
      waiting.close();
    }
  }

  async get(caller: KeyAuth, id: string): Promise<EventView> {
    const row = await this.store.get(caller, id);
    if (row === undefined) throw notFound('event');
    return eventView(row, this.clock.now());
  }

  async #lookUntilNews(
    caller: KeyAuth,
    from: EventCursor | typeof LATEST | undefined,
    filter: EventFilter,
    waiting: WaitingRequest,
  ): Promise<Look> {
    let at = from;
    const look = async (): Promise<Look> => {
      const seen = await this.#look(caller, at, filter);
      at = seen.cursor;
      waiting.sawUpTo(seen.cursor, seen.held);
      return seen;
    };
    return waiting.watch.until(look, ({ rows, hasMore }) => rows.length > 0 || hasMore);
  }

  async #look(caller: KeyAuth, from: EventCursor | typeof LATEST | undefined, filter: EventFilter): Promise<Look> {
    const read = await this.store.read(caller, from ?? null, filter);
    if (typeof from === 'object' && isAhead(from, read)) {
      throw expiredCursor('This cursor comes from a state of the database that was replaced by an older one.');
    }
    const rows = read.rows.slice(0, filter.limit);
    const shownLast = rows.at(-1);
    const last = read.rows.length > filter.limit ? shownLast : (read.last ?? undefined);
    const cursor =
      last === undefined
        ? { era: read.era, txid: read.horizon, seq: 0, atMs: this.clock.now() }
        : { era: last.era, txid: last.txid, seq: last.seq, atMs: Date.parse(last.created_at) };
    return { rows, hasMore: last !== undefined, cursor, held: read.held };
  }

  #answer(caller: KeyAuth, { rows, hasMore, cursor }: Look): Answer {
    const nowMs = this.clock.now();
    const page: EventsPage = {
      object: 'list',
      data: rows.map((row) => eventView(row, nowMs)),
      has_more: hasMore,
      next: writeCursor(caller, cursor),
    };
    return new Answer(200, page, this.readers.farewell());
  }
}

/** Nothing of this database has come so far: it was restored, and its transaction ids went back. */
function isAhead(from: EventCursor, read: EventsRead): boolean {
  return from.era > read.era || (from.era === read.era && BigInt(from.txid) > BigInt(read.horizon));
}

function tooManyWaiters(): ApiProblem {
  const detail = 'Too many requests wait for events at this moment. Ask without `wait`, or repeat the request.';
  return new ApiProblem(503, 'service_overloaded', detail, { retryable: true, retryAfterS: 1 });
}
