import { Injectable } from '@nestjs/common';
import type { KeyAuth } from '../http/auth.ts';
import { TenantFunctions } from '../tenant-functions.ts';
import type { PaymentRow } from './payment-row.ts';

/** Which payment is meant: by its UUID, or by the idempotency key that it was created with. */
export type PaymentAddress = { readonly id: string } | { readonly key: string };

/** The public API's way to payments. */
@Injectable()
export class PaymentStore extends TenantFunctions {
  /** Undefined where it does not exist for this key: unknown, another tenant's, or of an organization that the key may not see. */
  async read(caller: KeyAuth, address: PaymentAddress): Promise<PaymentRow | undefined> {
    return (await this.call<PaymentRow | null>('read_payment', caller, address))[0] ?? undefined;
  }
}
