import { payerOf } from '../../bank/payer.ts';
import { STATUS_CODE } from '../../bank/status-code.ts';
import { sumOf } from '../begin-purchase.ts';
import { defineMethod } from '../kaspi-method.ts';
import { knownDevice } from '../usable-device.ts';

const BAD_NUMBER = { code: STATUS_CODE.badPhoneNumber, message: 'Неверный номер телефона' };
const STRANGER = 'Клиент не найден';

/**
 * Kaspi QR v3.9 §4.6.1 (kaspi-qr.md §8.1): whose number it is, at most 50 times a minute and device.
 * ASSUMPTION: beyond the limit -999; a number that is none 990000032, one without a client 990000031 (codes of this
 * method's list without a text in the document).
 */
export const clientInfo = defineMethod({
  name: 'remote/client-info',
  verb: 'GET',
  run: ({ phonenumber: phoneNumber, devicetoken: token }, context) => {
    const known = knownDevice(context, token);
    if (!known.ok) return known;
    if (!context.clientInfoLimit.allows(token, context.arrivedAtMs)) {
      context.count('client_info_over_limit');
      return { code: STATUS_CODE.unavailable };
    }
    const payer = payerOf(phoneNumber);
    if (payer.kind === 'bad_number') return BAD_NUMBER;
    if (payer.kind === 'stranger') return { code: STATUS_CODE.noSuchPayer, message: STRANGER };
    return { code: STATUS_CODE.ok, data: { ClientName: payer.name } };
  },
});

/**
 * Kaspi QR v3.9 §4.6.2 (kaspi-qr.md §8.2): sends an invoice to a phone; a repeat sends a second one.
 * ASSUMPTION: a number that is none is 990000032, one without a client 99000010.
 */
export const remoteCreate = defineMethod({
  name: 'remote/create',
  verb: 'POST',
  run: (parameters, context) => {
    const known = knownDevice(context, parameters.devicetoken);
    if (!known.ok) return known;
    const amountMinor = sumOf(parameters.amount);
    if (amountMinor === undefined) return { code: STATUS_CODE.wrongAmount };
    const payer = payerOf(parameters.phonenumber);
    if (payer.kind === 'bad_number') return BAD_NUMBER;
    if (payer.kind === 'stranger') return { code: STATUS_CODE.cannotInvoicePayer, message: STRANGER };
    const purchase = context.bank.createPurchase({
      kind: 'invoice',
      device: known.device,
      amountMinor,
      externalId: null,
      atMs: context.arrivedAtMs,
      seen: true,
      invoice: { phoneEnds: parameters.phonenumber.slice(-4), comment: parameters.comment ?? null },
    });
    if (purchase === undefined) return { code: STATUS_CODE.unavailable };
    return { code: STATUS_CODE.ok, about: [purchase], data: { QrPaymentId: purchase.id } };
  },
});

/**
 * Kaspi QR v3.9 §4.6.3 (kaspi-qr.md §8.3).
 * ASSUMPTION: a cancelled invoice answers the same again; one that is paid, rejected or over, one of another
 * organization and an unknown one are -99000001. Any device of the organization may cancel.
 */
export const remoteCancel = defineMethod({
  name: 'remote/cancel',
  verb: 'POST',
  run: ({ devicetoken: token, qrpaymentid: id }, context) => {
    const { bank, bin } = context;
    const known = knownDevice(context, token);
    if (!known.ok) return known;
    const invoice = bank.purchase(id);
    if (invoice?.kind !== 'invoice' || invoice.bin !== bin) return { code: STATUS_CODE.noSuchPurchase };
    bank.takeStep(invoice, 'cancel');
    const { status } = invoice.life;
    if (status !== 'RemotePaymentCanceled') return { code: STATUS_CODE.noSuchPurchase, about: [invoice] };
    return { code: STATUS_CODE.ok, about: [invoice], status, data: { Status: status } };
  },
});
