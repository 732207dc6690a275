import { STATUS_CODE } from '../../bank/status-code.ts';
import { defineMethod } from '../kaspi-method.ts';
import { UNKNOWN_STATUS } from '../unknown-status.ts';

/** Kaspi QR v3.9 §3.4.2 (kaspi-qr.md §7.2, §11.2). ASSUMPTION: another organization's code is not found. */
export const returnStatus = defineMethod({
  name: 'return/status',
  verb: 'GET',
  run: ({ qrreturnid: id }, { bank, bin, shapes }) => {
    const code = bank.refundDesk.asked(id);
    if (code?.bin !== bin) return { code: STATUS_CODE.purchaseNotFound };
    const status = shapes.has('unknown_status') ? UNKNOWN_STATUS : code.status;
    return { code: STATUS_CODE.ok, about: [code], status, data: { Status: status } };
  },
});
