import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@tolem/persistence';
import type { KeyAuth } from '../http/auth.ts';
import { APP_DATABASE } from '../tokens.ts';
import type { PaymentRow } from './payment-row.ts';

/** Which payment is meant: by its UUID, or by the idempotency key that it was created with. */
export type PaymentAddress = { readonly id: string } | { readonly key: string };

/** Every call of the public API to payments is one SQL function: one statement, one round trip, the tenant set inside. */
@Injectable()
export class PaymentStore {
  constructor(@Inject(APP_DATABASE) private readonly db: Database) {}

  /** Undefined where it does not exist for this key: unknown, another tenant's, or of an organization that the key may not see. */
  async read(caller: KeyAuth, address: PaymentAddress): Promise<PaymentRow | undefined> {
    return (await this.call<PaymentRow | null>('read_payment', caller, address))[0] ?? undefined;
  }

  /** Calls one of the functions of payments; the values of the rows that it gives. */
  async call<T>(name: string, caller: KeyAuth, parameters: Readonly<Record<string, unknown>>): Promise<T[]> {
    const p = { tenant: caller.tenantId, mode: caller.mode, organizations: caller.organizations, ...parameters };
    const rows = await this.db.query<{ answer: T }>(`SELECT answer FROM ${name}($1::jsonb) AS answer`, [
      JSON.stringify(p),
    ]);
    return rows.map((row) => row.answer);
  }
}
