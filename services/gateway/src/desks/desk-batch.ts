import { Injectable } from '@nestjs/common';
import { idFromUuid } from '@tolem/domain';
import type { OutboxRow } from '@tolem/persistence';
import type { KeyAuth } from '../http/auth.ts';
import type { Origin } from '../http/origin.ts';
import { oneOfMany } from '../onboarding/one-of-many.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { Transactions } from '../transactions.ts';
import type { DeskBatch, DeskBatchResult } from './desk-batch.schema.ts';
import { DeskPlaces } from './desk-places.ts';
import { organizationOfBody } from './desks.ts';

const DESKS_PER_TRANSACTION = 100;
const OUTCOME = { made: 'created', moved: 'updated', none: 'unchanged' } as const;

type ItemView = DeskBatchResult['results'][number];

/** Makes many desks at once, each where it shall stand; sent again, it changes nothing. */
@Injectable()
export class DeskBatches {
  constructor(
    private readonly transactions: Transactions,
    private readonly places: DeskPlaces,
    private readonly outbox: OutboxRows,
  ) {}

  async run(auth: KeyAuth, origin: Origin, { desks }: DeskBatch): Promise<DeskBatchResult> {
    const results: ItemView[] = [];
    for (let at = 0; at < desks.length; at += DESKS_PER_TRANSACTION) {
      results.push(...(await this.#some(auth, origin, desks.slice(at, at + DESKS_PER_TRANSACTION))));
    }
    const count = (outcome: ItemView['outcome']): number => results.filter((item) => item.outcome === outcome).length;
    const counts = {
      created: count('created'),
      updated: count('updated'),
      unchanged: count('unchanged'),
      refused: count('refused'),
    };
    return { object: 'desk_batch', counts, results };
  }

  async #some(auth: KeyAuth, origin: Origin, desks: DeskBatch['desks']): Promise<ItemView[]> {
    const results: ItemView[] = [];
    const published: OutboxRow[] = [];
    await this.transactions.as(auth, async (query) => {
      for (const { organization: named, desk: name, trade_point: tradePoint } of desks) {
        const item = await oneOfMany(query, async () => {
          const organization = await organizationOfBody(query, auth, named);
          const put = await this.places.put(query, auth, origin, organization, { name, tradePoint });
          return { value: put, published: put.published };
        });
        if (item.ok) published.push(...item.published);
        results.push(
          item.ok
            ? { desk: name, outcome: OUTCOME[item.value.change], id: idFromUuid('dsk', item.value.id), errors: [] }
            : { desk: name, outcome: 'refused', id: null, errors: [...item.errors] },
        );
      }
    });
    this.outbox.publish(published);
    return results;
  }
}
