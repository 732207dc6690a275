import { z } from 'zod';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { idParameter } from '../parameters.ts';
import { defineMethod } from '../r3-method.ts';
import type { R3Method } from '../r3-method.ts';

const STEPS = ['scan', 'confirm', 'scanerror', 'confirmerror'] as const;

/**
 * Kaspi QR v3.9 §5.2-5.5 (kaspi-qr.md §12.2): the buyer's hands in the test contour.
 * ASSUMPTION: an unknown id and a step that does not fit the status answer -999; the list allows 0, -999 and -10000.
 */
export const emulators: readonly R3Method[] = STEPS.map((step) =>
  defineMethod({
    name: `test/payment/${step}`,
    verb: 'POST',
    parameters: z.strictObject({ qrpaymentid: idParameter }),
    run: ({ qrpaymentid: id }, { bank }) => {
      const purchase = bank.purchase(id);
      const done = purchase !== undefined && bank.takeStep(purchase, step);
      return { code: done ? STATUS_CODE.ok : STATUS_CODE.unavailable, emulator: true, purchase };
    },
  }),
);
