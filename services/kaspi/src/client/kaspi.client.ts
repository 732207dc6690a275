/**
 * The bank's methods of scheme r3 over HTTP, one method per call (Kaspi QR v3.9). It knows HTTP and the bank's types
 * and nothing of ours, holds no state, never repeats a call and never throws for anything the bank or the network does.
 */
import type { z } from 'zod';
import { MAX_JSON_AMOUNT_MINOR, minorToJsonNumber } from '@tolem/domain';
import type { EgressOutcome, EgressRequest, EgressTarget } from '@tolem/egress';
import { bankIdAsJson, isBankId } from './bank-id.ts';
import { bankAddress } from './endpoint.ts';
import { readAnswer } from './kaspi-answer.ts';
import type { KaspiAnswer, KaspiNotSent } from './kaspi-answer.ts';
import * as wire from './wire.ts';

/**
 * Where and with which certificate to call: `{ baseUrl, credential?, proxyUrl? }`, and for whom: organizations under one
 * certificate take turns where its connections are all busy.
 */
export type KaspiEndpoint = EgressTarget & { readonly share?: string };

/**
 * A device token together with the BIN (or IIN) it was issued for. The bank refuses any other pairing, so the two are
 * stored, passed and sent as one value.
 */
export interface DevicePair {
  readonly bin: string;
  readonly deviceToken: string;
}

export interface RegisterDevice {
  readonly bin: string;
  /** Our own name of the device: Latin letters, digits, dash, underscore. */
  readonly deviceId: string;
  /** Decimal text. */
  readonly tradePointId: string;
}

export interface CreateQr {
  readonly device: DevicePair;
  readonly amountMinor: number;
  /** Our purchase id; whether the bank deduplicates by it is unknown. */
  readonly externalId?: string;
}

export interface PaymentOnDevice {
  readonly device: DevicePair;
  /** Decimal text. */
  readonly qrPaymentId: string;
}

export interface ReturnPayment extends PaymentOnDevice {
  readonly amountMinor: number;
}

export interface CallOptions {
  /** Value of X-Request-ID when the caller keeps it beside the operation; otherwise a fresh one is made. */
  readonly requestId?: string;
  /** Asked at the last moment before the first byte goes out; false withdraws the call (`not_sent`). */
  readonly mayWrite?: () => boolean;
}

export interface KaspiTimeouts {
  readonly connectTimeoutMs: number;
  /** From the call to the last byte of the answer, for methods that change nothing. */
  readonly readTimeoutMs: number;
  /** The same for methods that create, delete or return. */
  readonly writeTimeoutMs: number;
}

/** ASSUMPTION: the bank states no time-outs; clients in production use 8 to 30 seconds. */
export const KASPI_TIMEOUTS: KaspiTimeouts = { connectTimeoutMs: 5_000, readTimeoutMs: 10_000, writeTimeoutMs: 30_000 };

/** Versions of `payment/status` in circulation; every other method exists as v01 only. */
export const KASPI_STATUS_VERSIONS = ['v01', 'v02', 'v04'] as const;
export type KaspiStatusVersion = (typeof KASPI_STATUS_VERSIONS)[number];

export interface KaspiClientOptions {
  readonly egress: { request(request: EgressRequest): Promise<EgressOutcome> };
  /** Makes a fresh unique X-Request-ID. */
  readonly requestId: () => string;
  readonly timeouts?: KaspiTimeouts;
  readonly statusVersion?: KaspiStatusVersion;
}

interface Call<T> {
  readonly method: 'GET' | 'POST';
  /** Without the scheme prefix and the version, without a trailing slash. */
  readonly path: string;
  readonly version?: string;
  readonly query?: Record<string, string>;
  readonly body?: Record<string, unknown>;
  readonly effect: 'read' | 'write';
  readonly data: z.ZodType<T>;
  /** Which arguments have the form that the bank states; one false and nothing is sent. */
  readonly wellFormed: Readonly<Record<string, boolean>>;
  readonly maxAnswerBytes?: number;
}

const MAX_ANSWER_BYTES = 64 * 1024;
const MAX_LIST_BYTES = 1024 * 1024; // A chain has hundreds of trade points, each with name and address.

export class KaspiClient {
  private readonly timeouts: KaspiTimeouts;
  private readonly statusVersion: KaspiStatusVersion;

  constructor(private readonly options: KaspiClientOptions) {
    this.timeouts = options.timeouts ?? KASPI_TIMEOUTS;
    this.statusVersion = options.statusVersion ?? 'v01';
  }

  /** `GET partner/tradepoints/{bin}` (§5.1): the trade points of one organization. Safe to repeat. */
  tradePoints(at: KaspiEndpoint, bin: string, options?: CallOptions): Promise<KaspiAnswer<wire.TradePoint[]>> {
    return this.call(at, options, {
      method: 'GET',
      path: `partner/tradepoints/${bin}`,
      effect: 'read',
      data: wire.tradePointList,
      wellFormed: { bin: isBin(bin) },
      maxAnswerBytes: MAX_LIST_BYTES,
    });
  }

  /** `POST device/register` (§5.2). The same arguments give the same token again, so it is safe to repeat. */
  registerDevice(
    at: KaspiEndpoint,
    { bin, deviceId, tradePointId }: RegisterDevice,
    options?: CallOptions,
  ): Promise<KaspiAnswer<wire.RegisteredDevice>> {
    return this.call(at, options, {
      method: 'POST',
      path: 'device/register',
      body: { OrganizationBin: bin, DeviceId: deviceId, TradePointId: bankIdAsJson(tradePointId) },
      effect: 'write',
      data: wire.registeredDevice,
      wellFormed: { bin: isBin(bin), deviceId: isDeviceId(deviceId), tradePointId: isBankId(tradePointId) },
    });
  }

  /** `POST device/delete` (§5.3): switches the device off. A repeat is harmless. */
  deleteDevice(at: KaspiEndpoint, device: DevicePair, options?: CallOptions): Promise<KaspiAnswer<null>> {
    return this.call(at, options, {
      method: 'POST',
      path: 'device/delete',
      body: pairFields(device),
      effect: 'write',
      data: wire.noData,
      wellFormed: { device: isPair(device) },
    });
  }

  /** `POST qr/create` (§6.1). Not idempotent: a repeat makes a second purchase. */
  createQr(
    at: KaspiEndpoint,
    { device, amountMinor, externalId }: CreateQr,
    options?: CallOptions,
  ): Promise<KaspiAnswer<wire.CreatedQr>> {
    return this.call(at, options, {
      method: 'POST',
      path: 'qr/create',
      body: {
        ...pairFields(device),
        Amount: exactAmount(amountMinor),
        ...(externalId === undefined ? {} : { ExternalId: externalId }),
      },
      effect: 'write',
      data: wire.createdQr,
      wellFormed: { device: isPair(device), amountMinor: isAmount(amountMinor) },
    });
  }

  /** `GET payment/status/{QrPaymentId}` (§6.3): needs neither BIN nor token. Safe to repeat. */
  paymentStatus(
    at: KaspiEndpoint,
    qrPaymentId: string,
    options?: CallOptions,
  ): Promise<KaspiAnswer<wire.PaymentStatus>> {
    return this.call(at, options, {
      method: 'GET',
      path: `payment/status/${qrPaymentId}`,
      version: this.statusVersion,
      effect: 'read',
      data: wire.paymentStatus,
      wellFormed: { qrPaymentId: isBankId(qrPaymentId) },
    });
  }

  /** `GET payment/details` (§7.4): sums and date of a paid purchase. Safe to repeat. */
  paymentDetails(
    at: KaspiEndpoint,
    { device, qrPaymentId }: PaymentOnDevice,
    options?: CallOptions,
  ): Promise<KaspiAnswer<wire.PaymentDetails>> {
    return this.call(at, options, {
      method: 'GET',
      path: 'payment/details',
      query: { QrPaymentId: qrPaymentId, DeviceToken: device.deviceToken },
      effect: 'read',
      data: wire.paymentDetails,
      wellFormed: { device: isPair(device), qrPaymentId: isBankId(qrPaymentId) },
    });
  }

  /** `POST payment/return` (§7.5, r3 form). Not idempotent: never repeat it blindly. */
  returnPayment(
    at: KaspiEndpoint,
    { device, qrPaymentId, amountMinor }: ReturnPayment,
    options?: CallOptions,
  ): Promise<KaspiAnswer<wire.ReturnedPayment>> {
    return this.call(at, options, {
      method: 'POST',
      path: 'payment/return',
      body: { ...pairFields(device), QrPaymentId: bankIdAsJson(qrPaymentId), Amount: exactAmount(amountMinor) },
      effect: 'write',
      data: wire.returnedPayment,
      wellFormed: { device: isPair(device), qrPaymentId: isBankId(qrPaymentId), amountMinor: isAmount(amountMinor) },
    });
  }

  /** `GET health/ping` (§12.1): the address, the certificate and the allow-list work. */
  ping(at: KaspiEndpoint, options?: CallOptions): Promise<KaspiAnswer<null>> {
    return this.call(at, options, {
      method: 'GET',
      path: 'health/ping',
      effect: 'read',
      data: wire.noData,
      wellFormed: {},
    });
  }

  private async call<T>(at: KaspiEndpoint, options: CallOptions | undefined, call: Call<T>): Promise<KaspiAnswer<T>> {
    const malformed = Object.keys(call.wellFormed).filter((name) => call.wellFormed[name] === false);
    if (malformed.length > 0)
      return notSent('bad_argument', `not in the form that the bank states: ${malformed.join(', ')}`);
    const address = bankAddress(at.baseUrl);
    if (address === undefined) return notSent('bad_endpoint', 'the address of the bank is not an https address');

    const { share, ...target } = at;
    const outcome = await this.options.egress.request({
      target: { ...target, baseUrl: address.origin },
      ...(share === undefined ? {} : { share }),
      method: call.method,
      path: `${address.prefix}/${call.version ?? address.version}/${call.path}`,
      ...(call.query === undefined ? {} : { query: call.query }),
      headers: {
        accept: 'application/json',
        'x-request-id': options?.requestId ?? this.options.requestId(),
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      connectTimeoutMs: this.timeouts.connectTimeoutMs,
      totalTimeoutMs: call.effect === 'read' ? this.timeouts.readTimeoutMs : this.timeouts.writeTimeoutMs,
      maxAnswerBytes: call.maxAnswerBytes ?? MAX_ANSWER_BYTES,
      ...(options?.mayWrite === undefined ? {} : { mayWrite: options.mayWrite }),
    });
    return readAnswer(outcome, call.data);
  }
}

function notSent(reason: KaspiNotSent['reason'], detail: string): KaspiNotSent {
  return { is: 'not_sent', reason, detail };
}

function pairFields(device: DevicePair): Record<string, string> {
  return { OrganizationBin: device.bin, DeviceToken: device.deviceToken };
}

function exactAmount(amountMinor: number): number | null {
  return isAmount(amountMinor) ? minorToJsonNumber(amountMinor) : null;
}

function isBin(text: string): boolean {
  return /^\d{12}$/.test(text);
}

// ASSUMPTION: 100 characters; the document allows Latin letters, digits, dash and underscore and states no length.
function isDeviceId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,100}$/.test(text);
}

function isPair(device: DevicePair): boolean {
  return isBin(device.bin) && device.deviceToken !== '';
}

function isAmount(amountMinor: number): boolean {
  return Number.isSafeInteger(amountMinor) && amountMinor > 0 && amountMinor <= MAX_JSON_AMOUNT_MINOR;
}
