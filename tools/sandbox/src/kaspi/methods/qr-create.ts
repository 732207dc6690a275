import type { KaspiMethod } from '../kaspi-method.ts';
import { defineMethod } from '../kaspi-method.ts';
import { bankDate } from '../bank-date.ts';
import { behaviorOptions } from '../behavior-options.ts';
import { beginPurchase } from '../begin-purchase.ts';
import { dateStyle } from '../date-style.ts';
import { qrToken } from '../qr-token.ts';

/** Kaspi QR v3.9 §2.3.1, §3.3.1, §4.3.1 (kaspi-qr.md §6.1). */
export const qrCreate: KaspiMethod = defineMethod({
  name: 'qr/create',
  verb: 'POST',
  run: (parameters, context) =>
    beginPurchase('qr', parameters, context, ({ id, rules, pollIntervalMs }, PaymentMethods) => ({
      QrToken: qrToken(id),
      ExpireDate: bankDate(rules.createdAtMs + rules.scanWaitMs, dateStyle(context.shapes)),
      QrPaymentId: id,
      PaymentMethods,
      QrPaymentBehaviorOptions: behaviorOptions(context.shapes, {
        StatusPollingInterval: pollIntervalMs / 1000,
        QrCodeScanWaitTimeout: rules.scanWaitMs / 1000,
        PaymentConfirmationTimeout: rules.confirmWaitMs / 1000,
      }),
    })),
});

/** Kaspi QR v3.9 §2.3.2, §3.3.2, §4.3.2 (kaspi-qr.md §6.2): the same with names of its own. */
export const qrCreateLink: KaspiMethod = defineMethod({
  name: 'qr/create-link',
  verb: 'POST',
  run: (parameters, context) =>
    beginPurchase('link', parameters, context, ({ id, rules, pollIntervalMs }, PaymentMethods) => ({
      PaymentLink: `https://pay.kaspi.kz/pay/${qrToken(id)}`,
      ExpireDate: bankDate(rules.createdAtMs + rules.scanWaitMs, dateStyle(context.shapes)),
      PaymentId: id,
      PaymentMethods,
      PaymentBehaviorOptions: behaviorOptions(context.shapes, {
        StatusPollingInterval: pollIntervalMs / 1000,
        LinkActivationWaitTimeout: rules.scanWaitMs / 1000,
        PaymentConfirmationTimeout: rules.confirmWaitMs / 1000,
      }),
    })),
});
