import { organizationOf } from '../../bank/organization.ts';
import { NOT_REGISTERED_TEXT, STATUS_CODE } from '../../bank/status-code.ts';
import { defineMethod } from '../kaspi-method.ts';

/**
 * Kaspi QR v3.9 §2.2.2, §3.2.2, §4.2.2 (kaspi-qr.md §5.1).
 * ASSUMPTION: an organization that is not registered answers -99000002, which the document lists for the other
 * methods but not for this one; -14000002 stays reserved for organizations without trade points.
 */
export const tradePoints = defineMethod({
  name: 'partner/tradepoints',
  verb: 'GET',
  run: (_parameters, { bin }) => {
    const organization = organizationOf(bin ?? '');
    if (organization.kind === 'not_registered') {
      return { code: STATUS_CODE.tradePointNotFound, message: NOT_REGISTERED_TEXT };
    }
    if (organization.tradePoints.length === 0) return { code: STATUS_CODE.noTradePoints };
    return {
      code: STATUS_CODE.ok,
      data: organization.tradePoints.map(({ id, name }) => ({ TradePointId: id, TradePointName: name })),
    };
  },
});
