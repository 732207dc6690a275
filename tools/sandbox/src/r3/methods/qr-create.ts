import { MAX_JSON_AMOUNT_MINOR, decimalToMinor } from '@tolem/domain';
import { z } from 'zod';
import { amountScript } from '../../bank/amount-script.ts';
import type { Bank } from '../../bank/bank.ts';
import type { Purchase } from '../../bank/purchase.ts';
import { STATUS_CODE } from '../../bank/status-code.ts';
import type { ShapeFault } from '../../faults/fault.ts';
import { bankDate } from '../bank-date.ts';
import { dateStyle } from '../date-style.ts';
import { amountParameter, binParameter, textParameter } from '../parameters.ts';
import { defineMethod } from '../r3-method.ts';
import { usableDevice } from '../usable-device.ts';

const BUSINESS_ACCOUNT_EVERY = 5;

/**
 * Kaspi QR v3.9 §4.6.1 (kaspi-qr.md §6.1).
 * ASSUMPTION: `ExternalId` does not deduplicate, tiyn are accepted, and the device is looked at before the sum.
 */
export const qrCreate = defineMethod({
  name: 'qr/create',
  verb: 'POST',
  parameters: z.strictObject({
    devicetoken: textParameter,
    amount: amountParameter,
    externalid: textParameter.nullish(),
    organizationbin: binParameter,
  }),
  run: (parameters, { bank, arrivedAtMs, seen, shapes }) => {
    const { devicetoken: token, organizationbin: bin } = parameters;
    const usable = usableDevice(bank, bin, token);
    if (!usable.ok) return usable;
    const amountMinor = decimalToMinor(parameters.amount);
    if (amountMinor === undefined || amountMinor <= 0 || amountMinor > MAX_JSON_AMOUNT_MINOR) {
      return { code: STATUS_CODE.wrongAmount };
    }

    const script = amountScript(amountMinor);
    if (script?.create === 'no_payment_methods') return { code: STATUS_CODE.noPaymentMethods };
    const firstLost =
      (script?.create === 'first_lost_before' || script?.create === 'first_lost_after') &&
      isFirst(bank, [bin, amountMinor, parameters.externalid ?? token].join('/'));
    if (firstLost && script.create === 'first_lost_before') return { code: STATUS_CODE.unavailable, transport: 'cut' };

    const purchase = bank.createPurchase({
      device: usable.device,
      amountMinor,
      externalId: parameters.externalid ?? null,
      atMs: arrivedAtMs,
      seen: seen && !firstLost,
    });
    if (purchase === undefined) return { code: STATUS_CODE.unavailable };
    const reply = { code: STATUS_CODE.ok, purchase, data: qrAnswer(purchase, shapes) };
    return firstLost ? { ...reply, transport: 'cut' } : reply;
  },
});

/** True exactly once per key, also across restarts. */
function isFirst(bank: Bank, key: string): boolean {
  if (bank.state.firstLost.has(key)) return false;
  bank.record({ t: 'first_lost', key });
  return true;
}

function qrAnswer(purchase: Purchase, shapes: ReadonlySet<ShapeFault>): Record<string, unknown> {
  const { id, rules, pollIntervalMs } = purchase;
  const methods = ['Gold', 'Red', 'Loan'];
  return {
    QrToken: `1${String(id).padStart(40, '0')}`,
    ExpireDate: bankDate(rules.createdAtMs + rules.scanWaitMs, dateStyle(shapes)),
    QrPaymentId: id,
    PaymentMethods: id % BUSINESS_ACCOUNT_EVERY === 0 ? [...methods, 'BusinessAccount'] : methods,
    QrPaymentBehaviorOptions: options(shapes.has('camel_case_options'), {
      StatusPollingInterval: pollIntervalMs / 1000,
      QrCodeScanWaitTimeout: rules.scanWaitMs / 1000,
      PaymentConfirmationTimeout: rules.confirmWaitMs / 1000,
    }),
  };
}

function options(camelCase: boolean, values: Record<string, number>): Record<string, number> {
  if (!camelCase) return values;
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name.charAt(0).toLowerCase() + name.slice(1), value]),
  );
}
