import { Injectable } from '@nestjs/common';
import { notFound } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import { TenantFunctions } from '../tenant-functions.ts';
import type { RefundRow } from './refund-row.ts';

/** The public API's way to refunds. */
@Injectable()
export class RefundStore extends TenantFunctions {
  /** 404 where it does not exist for this key. @param id UUID */
  async read(caller: KeyAuth, id: string): Promise<RefundRow> {
    const row = await this.one<RefundRow | null>('read_refund', caller, { id });
    if (row === null) throw notFound('refund');
    return row;
  }
}
