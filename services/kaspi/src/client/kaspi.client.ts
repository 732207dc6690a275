/**
 * The bank's methods of all schemes over HTTP, one method per call (Kaspi QR v3.9). It knows HTTP and the bank's types
 * and nothing of ours, holds no state, never repeats a call and never throws for anything the bank or the network does.
 * What a request looks like is in the tables of methods.ts and schemes.ts; a call that the connection's scheme does not
 * have is `not_sent`, `not_supported`.
 */
import type { z } from 'zod';
import type { EgressOutcome, EgressRequest } from '@tolem/egress';
import type { ExtraKaspiCodes } from '../answers/codes.ts';
import type * as asked from './call-arguments.ts';
import { composeRequest } from './compose-request.ts';
import type { KaspiStatusVersion } from './connection-options.ts';
import { bankPlace, type KaspiEndpoint } from './endpoint.ts';
import { readAnswer } from './kaspi-answer.ts';
import type { KaspiAnswer, KaspiNotSent } from './kaspi-answer.ts';
import { KASPI_METHODS, type KaspiMethod, type KaspiMethodRow, type KaspiTimeLimit } from './methods.ts';
import type { RequestArguments } from './request-argument.ts';
import * as refunds from './wire-refunds.ts';
import * as remote from './wire-remote.ts';
import * as wire from './wire.ts';

export type { KaspiEndpoint } from './endpoint.ts';
export type * from './call-arguments.ts';
export { KASPI_STATUS_VERSIONS, type KaspiStatusVersion } from './connection-options.ts';

export interface CallOptions {
  /** Value of X-Request-ID when the caller keeps it beside the operation; otherwise a fresh one is made. */
  readonly requestId?: string;
  /** Asked at the last moment before the first byte goes out; false withdraws the call (`not_sent`). */
  readonly mayWrite?: () => boolean;
  /** The connection belongs to the bank's test contour; without this word no emulator is called. */
  readonly testContour?: boolean;
}

export interface KaspiTimeouts {
  readonly connectTimeoutMs: number;
  /** From the call to the last byte of the answer, for methods that change nothing. */
  readonly readTimeoutMs: number;
  /** The same for methods that begin something a buyer waits for, devices included. */
  readonly startTimeoutMs: number;
  /** The same for methods that move money, send or cancel an invoice: giving up early would only leave doubt. */
  readonly writeTimeoutMs: number;
}

/** ASSUMPTION: the bank states no time-outs; clients in production use 8 to 30 seconds. */
export const KASPI_TIMEOUTS: KaspiTimeouts = {
  connectTimeoutMs: 3_000,
  readTimeoutMs: 10_000,
  startTimeoutMs: 8_000,
  writeTimeoutMs: 30_000,
};

export interface KaspiClientOptions {
  readonly egress: { request(request: EgressRequest): Promise<EgressOutcome> };
  /** Makes a fresh unique X-Request-ID. */
  readonly requestId: () => string;
  readonly timeouts?: KaspiTimeouts;
  /** Of `payment/status` where a connection's options state none; v01 unless told. */
  readonly statusVersion?: KaspiStatusVersion;
  /** StatusCodes that configuration explains. */
  readonly codes?: ExtraKaspiCodes;
}

/** Every call says what it asks and how the answer's Data is read. */
interface Call<T> {
  readonly method: KaspiMethod;
  readonly given: RequestArguments;
  readonly data: z.ZodType<T>;
}

export class KaspiClient {
  private readonly timeoutMs: Readonly<Record<KaspiTimeLimit, number>>;
  private readonly connectTimeoutMs: number;
  private readonly statusVersion: KaspiStatusVersion;

  constructor(private readonly options: KaspiClientOptions) {
    const timeouts = options.timeouts ?? KASPI_TIMEOUTS;
    this.connectTimeoutMs = timeouts.connectTimeoutMs;
    this.timeoutMs = {
      read: timeouts.readTimeoutMs,
      start: timeouts.startTimeoutMs,
      write: timeouts.writeTimeoutMs,
    };
    this.statusVersion = options.statusVersion ?? 'v01';
  }

  /** `GET partner/tradepoints` (§4.2.2): the trade points of one organization. Safe to repeat. */
  tradePoints(at: KaspiEndpoint, bin: string, options?: CallOptions): Promise<KaspiAnswer<wire.TradePoint[]>> {
    return this.call(at, options, { method: 'partner/tradepoints', given: { bin }, data: wire.tradePointList });
  }

  /** `POST device/register` (§4.2.3). The same arguments give the same token again, so it is safe to repeat. */
  registerDevice(
    at: KaspiEndpoint,
    given: asked.RegisterDevice,
    options?: CallOptions,
  ): Promise<KaspiAnswer<wire.RegisteredDevice>> {
    return this.call(at, options, { method: 'device/register', given, data: wire.registeredDevice });
  }

  /** `POST device/delete` (§4.2.4): switches the device off. A repeat is harmless. */
  deleteDevice(at: KaspiEndpoint, device: asked.DevicePair, options?: CallOptions): Promise<KaspiAnswer<null>> {
    return this.call(at, options, { method: 'device/delete', given: device, data: wire.noData });
  }

  /** `POST qr/create` (§4.3.1). Not idempotent: a repeat makes a second purchase. */
  createQr(at: KaspiEndpoint, given: asked.CreateQr, options?: CallOptions): Promise<KaspiAnswer<wire.CreatedQr>> {
    return this.call(at, options, { method: 'qr/create', given: flat(given), data: wire.createdQr });
  }

  /** `POST qr/create-link` (§4.3.2): the same purchase behind a link. Not idempotent either. */
  createLink(at: KaspiEndpoint, given: asked.CreateQr, options?: CallOptions): Promise<KaspiAnswer<wire.CreatedLink>> {
    return this.call(at, options, { method: 'qr/create-link', given: flat(given), data: wire.createdLink });
  }

  /** `GET payment/status/{QrPaymentId}` (§4.3.3): needs neither BIN nor token. Safe to repeat. */
  paymentStatus(
    at: KaspiEndpoint,
    qrPaymentId: string,
    options?: CallOptions,
  ): Promise<KaspiAnswer<wire.PaymentStatus>> {
    return this.call(at, options, { method: 'payment/status', given: { qrPaymentId }, data: wire.paymentStatus });
  }

  /** `POST return/create` (§3.4.1): a code by which the buyer makes himself known. A repeat makes another code. */
  createReturn(
    at: KaspiEndpoint,
    given: asked.CreateReturn,
    options?: CallOptions,
  ): Promise<KaspiAnswer<refunds.CreatedReturn>> {
    return this.call(at, options, { method: 'return/create', given: flat(given), data: refunds.createdReturn });
  }

  /** `GET return/status/{QrReturnId}` (§3.4.2). Safe to repeat. */
  returnStatus(
    at: KaspiEndpoint,
    qrReturnId: string,
    options?: CallOptions,
  ): Promise<KaspiAnswer<refunds.ReturnStatus>> {
    return this.call(at, options, { method: 'return/status', given: { qrReturnId }, data: refunds.returnStatus });
  }

  /** `POST return/operations` (§3.4.3): the recent purchases of the buyer who scanned. Safe to repeat. */
  returnOperations(
    at: KaspiEndpoint,
    given: asked.ListReturnOperations,
    options?: CallOptions,
  ): Promise<KaspiAnswer<refunds.ReturnOperation[]>> {
    return this.call(at, options, { method: 'return/operations', given: flat(given), data: refunds.returnOperations });
  }

  /** `GET payment/details` (§4.4): sums and date of a paid purchase. Safe to repeat. */
  paymentDetails(
    at: KaspiEndpoint,
    given: asked.PaymentOnDevice,
    options?: CallOptions,
  ): Promise<KaspiAnswer<refunds.PaymentDetails>> {
    return this.call(at, options, { method: 'payment/details', given: flat(given), data: refunds.paymentDetails });
  }

  /** `POST payment/return` (§4.5). Not idempotent: never repeat it blindly, see `returnVerdict`. */
  returnPayment(
    at: KaspiEndpoint,
    given: asked.ReturnPayment,
    options?: CallOptions,
  ): Promise<KaspiAnswer<refunds.ReturnedPayment>> {
    return this.call(at, options, { method: 'payment/return', given: flat(given), data: refunds.returnedPayment });
  }

  /** `GET remote/client-info` (§4.6.1): the payer's name. At most 50 a minute per device; safe to repeat. */
  clientInfo(at: KaspiEndpoint, given: asked.FindPayer, options?: CallOptions): Promise<KaspiAnswer<remote.Payer>> {
    return this.call(at, options, { method: 'remote/client-info', given: flat(given), data: remote.payer });
  }

  /** `POST remote/create` (§4.6.2): sends an invoice to a phone. A repeat sends a second one, see `invoiceVerdict`. */
  createRemote(
    at: KaspiEndpoint,
    given: asked.CreateRemote,
    options?: CallOptions,
  ): Promise<KaspiAnswer<remote.CreatedRemote>> {
    return this.call(at, options, { method: 'remote/create', given: flat(given), data: remote.createdRemote });
  }

  /** `POST remote/cancel` (§4.6.3). Harmless to repeat; what a paid invoice answers is unknown. */
  cancelRemote(
    at: KaspiEndpoint,
    given: asked.PaymentOnDevice,
    options?: CallOptions,
  ): Promise<KaspiAnswer<remote.CanceledRemote>> {
    return this.call(at, options, { method: 'remote/cancel', given: flat(given), data: remote.canceledRemote });
  }

  /** `GET health/ping` (§5.1): the address, the credential and the allow-list work. */
  ping(at: KaspiEndpoint, options?: CallOptions): Promise<KaspiAnswer<null>> {
    return this.call(at, options, { method: 'health/ping', given: {}, data: wire.noData });
  }

  /** `POST test/payment/…` (§5.2): what a buyer would do, in the test contour only. */
  emulate(
    at: KaspiEndpoint,
    step: asked.EmulatedStep,
    qrPaymentId: string,
    options?: CallOptions,
  ): Promise<KaspiAnswer<null>> {
    return this.call(at, options, { method: `test/payment/${step}`, given: { qrPaymentId }, data: wire.noData });
  }

  private async call<T>(
    at: KaspiEndpoint,
    options: CallOptions | undefined,
    { method, given, data }: Call<T>,
  ): Promise<KaspiAnswer<T>> {
    const read = bankPlace(at, { statusVersion: this.statusVersion });
    if (!read.ok) return notSent('bad_endpoint', read.detail);
    const { place } = read;
    const row: KaspiMethodRow = KASPI_METHODS[method];
    if (!place.scheme.methods.includes(method)) {
      return notSent('not_supported', `scheme ${place.scheme.name} has no ${method}`);
    }
    if (row.testContourOnly && options?.testContour !== true) {
      return notSent('not_supported', `${method} is for the bank's test contour alone`);
    }
    const request = composeRequest(place.scheme.name, method, given);
    if (request.is === 'malformed') {
      return notSent('bad_argument', `not in the form that the bank states: ${request.arguments.join(', ')}`);
    }

    const outcome = await this.options.egress.request({
      target: place.target,
      ...(at.share === undefined ? {} : { share: at.share }),
      method: row.verb,
      path: `${place.root(method)}/${request.path}`,
      ...(request.query === undefined ? {} : { query: { ...request.query } }),
      headers: {
        accept: 'application/json',
        'x-request-id': options?.requestId ?? this.options.requestId(),
        ...place.headers,
        ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(request.body === undefined ? {} : { body: request.body }),
      connectTimeoutMs: this.connectTimeoutMs,
      totalTimeoutMs: this.timeoutMs[row.timeLimit],
      maxAnswerBytes: row.maxAnswerBytes,
      ...(options?.mayWrite === undefined ? {} : { mayWrite: options.mayWrite }),
    });
    return readAnswer(outcome, data, secretsOf(at, given), this.options.codes);
  }
}

function notSent(reason: KaspiNotSent['reason'], detail: string): KaspiNotSent {
  return { is: 'not_sent', reason, detail };
}

/** A device's two halves beside the other arguments of a call. */
function flat<G extends { readonly device: asked.DevicePair }>({ device, ...rest }: G): RequestArguments {
  return { ...rest, bin: device.bin, deviceToken: device.deviceToken };
}

/** A phone number may come back in another spelling of its country code. */
const SUBSCRIBER_DIGITS = 10;

function secretsOf(at: KaspiEndpoint, { deviceToken, phoneNumber }: RequestArguments): string[] {
  return [at.apiKey, deviceToken, phoneNumber?.slice(-SUBSCRIBER_DIGITS)].filter((text) => text !== undefined);
}
