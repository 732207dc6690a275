import { STATUS_CODE } from '../../bank/status-code.ts';
import { defineMethod } from '../kaspi-method.ts';
import type { KaspiMethod } from '../kaspi-method.ts';
import { ownPurchase } from '../own-purchase.ts';

type EmulatedStep = 'scan' | 'confirm' | 'scanerror' | 'confirmerror';
type EmulatorName = `test/payment/${EmulatedStep}`;

/**
 * Kaspi QR v3.9 §5.2-5.5 (kaspi-qr.md §12.2): the buyer's hands in the test contour.
 * ASSUMPTION: an unknown id, another organization's purchase and a step that does not fit the status answer -999; the
 * list allows 0, -999 and -10000.
 */
export const emulators: Readonly<Record<EmulatorName, KaspiMethod>> = {
  'test/payment/scan': emulator('test/payment/scan', 'scan'),
  'test/payment/confirm': emulator('test/payment/confirm', 'confirm'),
  'test/payment/scanerror': emulator('test/payment/scanerror', 'scanerror'),
  'test/payment/confirmerror': emulator('test/payment/confirmerror', 'confirmerror'),
};

function emulator(name: EmulatorName, step: EmulatedStep): KaspiMethod {
  return defineMethod({
    name,
    verb: 'POST',
    run: ({ qrpaymentid: id }, context) => {
      const purchase = ownPurchase(context, context.bank.purchase(id));
      const done = purchase !== undefined && context.bank.takeStep(purchase, step);
      return { code: done ? STATUS_CODE.ok : STATUS_CODE.unavailable, emulator: true, about: [purchase] };
    },
  });
}
