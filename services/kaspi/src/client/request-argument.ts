/**
 * What a request is filled with, and the form that the bank states for each. A value in another form is never sent: it
 * could only be refused, and in a path it could ask for something else.
 */
import { MAX_JSON_AMOUNT_MINOR, minorToJsonNumber } from '@tolem/domain';
import { bankIdAsJson, isBankId } from './bank-id.ts';

/** Ids are decimal text. */
export interface RequestArguments {
  /** BIN or IIN of the organization. */
  readonly bin?: string;
  readonly deviceId?: string;
  readonly tradePointId?: string;
  readonly deviceToken?: string;
  readonly amountMinor?: number;
  readonly externalId?: string;
  readonly qrPaymentId?: string;
  readonly qrReturnId?: string;
  readonly maxResult?: number;
  readonly phoneNumber?: string;
  readonly comment?: string;
}

export type RequestArgument = keyof RequestArguments;

interface ArgumentForm {
  wellFormed(value: string | number): boolean;
  /** As `JSON.stringify` must write it. */
  json(value: string | number): unknown;
}

const id: ArgumentForm = {
  wellFormed: (value) => typeof value === 'string' && isBankId(value),
  json: (value) => bankIdAsJson(String(value)),
};

export const ARGUMENT_FORMS: Readonly<Record<RequestArgument, ArgumentForm>> = {
  bin: text(/^\d{12}$/),
  // ASSUMPTION: 100 characters; the document allows Latin letters, digits, dash and underscore and states no length.
  deviceId: text(/^[A-Za-z0-9_-]{1,100}$/),
  tradePointId: id,
  // A GUID in every sample; opaque to us, so nothing but a bound is asked of it.
  deviceToken: text(/^\P{Cc}{1,200}$/u),
  amountMinor: {
    wellFormed: (value) => Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= MAX_JSON_AMOUNT_MINOR,
    json: (value) => minorToJsonNumber(Number(value)),
  },
  // ASSUMPTION: the document states no length for either text.
  externalId: text(/^\P{Cc}{1,200}$/u),
  comment: text(/^\P{Cc}{1,500}$/u),
  qrPaymentId: id,
  qrReturnId: id,
  maxResult: {
    wellFormed: (value) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 10,
    json: (value) => value,
  },
  // Eleven digits (§4.6.1); the sample begins with 8, clients in production write 7.
  phoneNumber: text(/^[78]\d{10}$/),
};

function text(form: RegExp): ArgumentForm {
  return { wellFormed: (value) => typeof value === 'string' && form.test(value), json: (value) => value };
}
