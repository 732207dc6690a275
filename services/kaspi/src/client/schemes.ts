/**
 * The bank's three schemes as data (Kaspi QR v3.9 §1.2 and the parameter tables of every method): one table says what a
 * scheme can do, the other which fields its requests carry. Nothing else in this service asks which scheme it is.
 */
import type { KaspiMethod } from './methods.ts';
import type { RequestArgument } from './request-argument.ts';

export const KASPI_SCHEME_NAMES = ['r1', 'r2', 'r3'] as const;
export type KaspiSchemeName = (typeof KASPI_SCHEME_NAMES)[number];

export interface KaspiScheme {
  readonly name: KaspiSchemeName;
  /**
   * `api_key`: the header Api-Key; `client_certificate`: the organization's own; `shared_certificate`: one of the
   * partner for many organizations, accepted from the addresses on the bank's list only.
   */
  readonly credential: 'api_key' | 'client_certificate' | 'shared_certificate';
  /** Requests name the organization by its BIN or IIN; else it is the owner of the key or of the certificate. */
  readonly namesOrganizations: boolean;
  /** `none`: by hand in the bank's app only; `with_buyer`: the buyer scans a refund code first. */
  readonly refunds: 'none' | 'with_buyer' | 'without_buyer';
  /** `payment/details` answers what can still be refunded. */
  readonly details: boolean;
  /** Invoices to a phone number. */
  readonly invoices: boolean;
  readonly methods: readonly KaspiMethod[];
}

const IN_EVERY_SCHEME: readonly KaspiMethod[] = [
  'partner/tradepoints',
  'device/register',
  'device/delete',
  'qr/create',
  'qr/create-link',
  'payment/status',
  'health/ping',
  'test/payment/scan',
  'test/payment/confirm',
  'test/payment/scanerror',
  'test/payment/confirmerror',
];

export const KASPI_SCHEMES: Readonly<Record<KaspiSchemeName, KaspiScheme>> = {
  r1: {
    name: 'r1',
    credential: 'api_key',
    namesOrganizations: false,
    refunds: 'none',
    details: false,
    invoices: false,
    methods: IN_EVERY_SCHEME,
  },
  r2: {
    name: 'r2',
    credential: 'client_certificate',
    namesOrganizations: false,
    refunds: 'with_buyer',
    details: true,
    invoices: false,
    methods: [
      ...IN_EVERY_SCHEME,
      'return/create',
      'return/status',
      'return/operations',
      'payment/details',
      'payment/return',
    ],
  },
  r3: {
    name: 'r3',
    credential: 'shared_certificate',
    namesOrganizations: true,
    refunds: 'without_buyer',
    details: true,
    invoices: true,
    methods: [
      ...IN_EVERY_SCHEME,
      'payment/details',
      'payment/return',
      'remote/client-info',
      'remote/create',
      'remote/cancel',
    ],
  },
};

/** What a scheme can do, by the name that a connection gives it; undefined for a name that is none of the bank's. */
export function kaspiScheme(name: string): KaspiScheme | undefined {
  const known = KASPI_SCHEME_NAMES.find((scheme) => scheme === name);
  return known === undefined ? undefined : KASPI_SCHEMES[known];
}

/** One field of a request: its name as the bank writes it, and the argument of ours that fills it. */
export interface RequestField {
  readonly name: string;
  readonly argument: RequestArgument;
  readonly place: 'path' | 'query' | 'body';
  /** The schemes whose requests carry it, of those that have the method. */
  readonly schemes: readonly KaspiSchemeName[];
  readonly required: boolean;
  /** In a body: as JSON text although the value is a number. */
  readonly asText?: true;
}

const ALL = KASPI_SCHEME_NAMES;
const organization = field('OrganizationBin', 'bin', { schemes: ['r3'] });
const deviceToken = field('DeviceToken', 'deviceToken');
const amount = field('Amount', 'amountMinor');
const externalId = field('ExternalId', 'externalId', { required: false });
const purchase = field('QrPaymentId', 'qrPaymentId');
const refundCode = field('QrReturnId', 'qrReturnId');

const purchaseFields = [organization, deviceToken, amount, externalId];
/** Documented as a text, and in camelCase, unlike everywhere else (§5.2). */
const emulatorFields = [field('qrPaymentId', 'qrPaymentId', { asText: true })];

/** In the order in which they are written. */
export const KASPI_REQUEST_FIELDS: Readonly<Record<KaspiMethod, readonly RequestField[]>> = {
  'partner/tradepoints': [field('organizationBin', 'bin', { place: 'path', schemes: ['r3'] })],
  'device/register': [organization, field('DeviceId', 'deviceId'), field('TradePointId', 'tradePointId')],
  'device/delete': [organization, deviceToken],
  'qr/create': purchaseFields,
  'qr/create-link': purchaseFields,
  'payment/status': [{ ...purchase, place: 'path' }],
  'return/create': [deviceToken, externalId],
  'return/status': [{ ...refundCode, place: 'path' }],
  'return/operations': [deviceToken, refundCode, field('MaxResult', 'maxResult', { required: false })],
  'payment/details': [
    { ...purchase, place: 'query' },
    { ...deviceToken, place: 'query' },
  ],
  'payment/return': [organization, deviceToken, purchase, { ...refundCode, schemes: ['r2'] }, amount],
  'remote/client-info': [field('PhoneNumber', 'phoneNumber', { place: 'query' }), { ...deviceToken, place: 'query' }],
  'remote/create': [
    organization,
    deviceToken,
    amount,
    field('PhoneNumber', 'phoneNumber'),
    field('Comment', 'comment', { required: false }),
  ],
  'remote/cancel': [organization, deviceToken, purchase],
  'health/ping': [],
  'test/payment/scan': emulatorFields,
  'test/payment/confirm': emulatorFields,
  'test/payment/scanerror': emulatorFields,
  'test/payment/confirmerror': emulatorFields,
};

function field(
  name: string,
  argument: RequestArgument,
  differently: Partial<Omit<RequestField, 'name' | 'argument'>> = {},
): RequestField {
  return { name, argument, place: 'body', schemes: ALL, required: true, ...differently };
}
