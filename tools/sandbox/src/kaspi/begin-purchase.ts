import { MAX_JSON_AMOUNT_MINOR, decimalToMinor } from '@tolem/domain';
import { amountScript } from '../bank/amount-script.ts';
import type { Bank } from '../bank/bank.ts';
import type { Purchase } from '../bank/purchase.ts';
import { STATUS_CODE } from '../bank/status-code.ts';
import type { KaspiReply, MethodContext } from './kaspi-method.ts';
import type { FieldsOf } from './request-fields.ts';
import { usableDevice } from './usable-device.ts';

const BUSINESS_ACCOUNT_EVERY = 5;

/** A sum in tenge as minor units, undefined for what is no sum. ASSUMPTION: tiyn are accepted. */
export function sumOf(amount: number | string): number | undefined {
  const amountMinor = decimalToMinor(amount);
  if (amountMinor === undefined || amountMinor <= 0 || amountMinor > MAX_JSON_AMOUNT_MINOR) return undefined;
  return amountMinor;
}

/**
 * Begins a purchase by QR or by link with everything that an amount's script does to its creation.
 * ASSUMPTION: `ExternalId` does not deduplicate, and the device is looked at before the sum.
 */
export function beginPurchase(
  kind: 'qr' | 'link',
  parameters: FieldsOf<'qr/create'>,
  context: MethodContext,
  told: (purchase: Purchase, paymentMethods: readonly string[]) => Record<string, unknown>,
): KaspiReply {
  const { bank, arrivedAtMs, seen } = context;
  const usable = usableDevice(context, parameters.devicetoken);
  if (!usable.ok) return usable;
  const { device } = usable;
  const amountMinor = sumOf(parameters.amount);
  if (amountMinor === undefined) return { code: STATUS_CODE.wrongAmount };

  const create = amountScript(amountMinor)?.create;
  if (create === 'no_payment_methods') return { code: STATUS_CODE.noPaymentMethods };
  const firstLost =
    (create === 'first_lost_before' || create === 'first_lost_after') &&
    isFirst(bank, [device.bin, amountMinor, parameters.externalid ?? device.token].join('/'));
  if (firstLost && create === 'first_lost_before') return { code: STATUS_CODE.unavailable, transport: 'cut' };

  const purchase = bank.createPurchase({
    kind,
    device,
    amountMinor,
    externalId: parameters.externalid ?? null,
    atMs: arrivedAtMs,
    seen: seen && !firstLost,
  });
  if (purchase === undefined) return { code: STATUS_CODE.unavailable };
  const data = told(purchase, paymentMethods(purchase, context));
  const reply = { code: STATUS_CODE.ok, about: [purchase], data };
  return firstLost ? { ...reply, transport: 'cut' } : reply;
}

/** True exactly once per key, also across restarts. */
function isFirst(bank: Bank, key: string): boolean {
  if (bank.state.firstLost.has(key)) return false;
  bank.record({ t: 'first_lost', key });
  return true;
}

function paymentMethods({ id }: Purchase, { shapes }: MethodContext): string[] {
  const methods = ['Gold', 'Red', 'Loan'];
  const more = shapes.has('business_account') || id % BUSINESS_ACCOUNT_EVERY === 0;
  return more ? [...methods, 'BusinessAccount'] : methods;
}
