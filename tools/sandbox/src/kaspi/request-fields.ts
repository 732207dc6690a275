import { z } from 'zod';
import type { CallName } from '../faults/fault.ts';
import { amountParameter, binParameter, idParameter, textParameter } from './parameters.ts';
import { SCHEME_NAMES } from './schemes.ts';
import type { SchemeName } from './schemes.ts';

export interface RequestField<T extends z.ZodType = z.ZodType, InAll extends boolean = boolean> {
  readonly type: T;
  /** The schemes whose requests carry it; elsewhere it is an unknown parameter. */
  readonly schemes: readonly SchemeName[];
  readonly inAll: InAll;
}

/** What a method reads from these fields; a field of some schemes only is absent in the others. */
export type ReadFields<F> = {
  readonly [K in keyof F]: F[K] extends RequestField<infer T, true>
    ? z.output<T>
    : F[K] extends RequestField<infer T>
      ? z.output<T> | undefined
      : never;
};

function inAll<T extends z.ZodType>(type: T): RequestField<T, true> {
  return { type, schemes: SCHEME_NAMES, inAll: true };
}

function onlyIn<T extends z.ZodType>(scheme: SchemeName, type: T): RequestField<T, false> {
  return { type, schemes: [scheme], inAll: false };
}

/** An id in a path or a query: what cannot be a number is an id that does not exist. */
const askedId = inAll(idParameter.catch(-1));
const id = inAll(idParameter);
const token = inAll(textParameter);
const amount = inAll(amountParameter);
const optionalText = inAll(textParameter.nullish());
/** Required in r3 and unknown in r1 and r2, where the key or the certificate says whose organization it is. */
const organization = onlyIn('r3', binParameter);
const maxResult = z
  .union([z.int(), z.string().regex(/^\d{1,9}$/)])
  .transform(Number)
  .refine((count) => count >= 1);

const purchase = { devicetoken: token, amount, externalid: optionalText, organizationbin: organization };
const emulator = { qrpaymentid: id };

/** Every parameter of every method under its lower-case name (the parameter tables of the document). */
export const REQUEST_FIELDS = {
  'partner/tradepoints': { organizationbin: organization },
  'device/register': { deviceid: token, tradepointid: id, organizationbin: organization },
  'device/delete': { devicetoken: token, organizationbin: organization },
  'qr/create': purchase,
  'qr/create-link': purchase,
  'payment/status': { qrpaymentid: askedId },
  'payment/details': { qrpaymentid: askedId, devicetoken: token },
  'payment/return': {
    devicetoken: token,
    qrpaymentid: id,
    amount,
    qrreturnid: onlyIn('r2', idParameter),
    organizationbin: organization,
  },
  'return/create': { devicetoken: token, externalid: optionalText },
  'return/status': { qrreturnid: askedId },
  'return/operations': { devicetoken: token, qrreturnid: id, maxresult: inAll(maxResult.nullish()) },
  'remote/client-info': { phonenumber: token, devicetoken: token },
  'remote/create': {
    organizationbin: organization,
    amount,
    phonenumber: token,
    devicetoken: token,
    comment: optionalText,
  },
  'remote/cancel': { organizationbin: organization, qrpaymentid: id, devicetoken: token },
  'health/ping': {},
  'test/payment/scan': emulator,
  'test/payment/confirm': emulator,
  'test/payment/scanerror': emulator,
  'test/payment/confirmerror': emulator,
} as const satisfies Record<CallName, Readonly<Record<string, RequestField>>>;

export type FieldsOf<N extends CallName> = ReadFields<(typeof REQUEST_FIELDS)[N]>;
