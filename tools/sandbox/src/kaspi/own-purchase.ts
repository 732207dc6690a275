import type { Purchase } from '../bank/purchase.ts';
import type { MethodContext } from './kaspi-method.ts';

/**
 * ASSUMPTION: the owner of a key or certificate sees its own purchases only, whichever scheme they were made in. A
 * request that names no organization (scheme 3) needs the id alone (production, kaspi-qr.md §13.5).
 */
export function ownPurchase({ bin }: Pick<MethodContext, 'bin'>, purchase: Purchase | undefined): Purchase | undefined {
  return bin === null || purchase?.bin === bin ? purchase : undefined;
}
