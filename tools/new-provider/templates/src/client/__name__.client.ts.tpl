/**
 * The provider's methods over HTTP, one method per call. It knows HTTP and the provider's types and nothing of ours,
 * holds no state, never repeats a call and never throws for anything that the provider or the network does.
 */
import { minorToDecimal } from '@tolem/domain';
import type { Egress, EgressTarget } from '@tolem/egress';
import type { z } from 'zod';
import { type __Name__Answer, readAnswer } from './__name__-answer.ts';
import * as wire from './wire.ts';

/** Where and with which certificate to call: `{ baseUrl, credential? }`. */
export type __Name__Endpoint = EgressTarget;

export interface __Name__Timeouts {
  readonly connectTimeoutMs: number;
  /** From the call to the last byte of the answer, for calls that create something. */
  readonly startTimeoutMs: number;
  /** The same for calls that only ask. */
  readonly readTimeoutMs: number;
}

export interface CreatePayment {
  /** Our id of the payment, by which the provider's books can be compared with ours. */
  readonly order: string;
  /** The organization's tax id. */
  readonly shop: string;
  readonly amountMinor: number;
  readonly currency: string;
}

export interface CallOptions {
  /** Goes along as X-Request-ID. */
  readonly requestId: string;
  /** Asked at the last moment before the first byte goes out; false withdraws the call (`not_sent`). */
  readonly mayWrite: () => boolean;
}

interface Wire<T> {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
  readonly data: z.ZodType<T>;
  readonly totalTimeoutMs: number;
}

const MAX_ANSWER_BYTES = 64 * 1024;

export class __Name__Client {
  constructor(
    private readonly egress: Pick<Egress, 'request'>,
    private readonly timeouts: __Name__Timeouts,
  ) {}

  /** `POST /payments`. Not idempotent: a repeat makes a second payment. */
  async createPayment(
    at: __Name__Endpoint,
    { order, shop, amountMinor, currency }: CreatePayment,
    options: CallOptions,
  ): Promise<__Name__Answer<wire.CreatedPayment>> {
    if (!Number.isSafeInteger(amountMinor) || amountMinor <= 0) return badArgument('amountMinor');
    return this.call(at, options, {
      method: 'POST',
      path: '/payments',
      body: { order, shop, amount: minorToDecimal(amountMinor), currency },
      data: wire.createdPayment,
      totalTimeoutMs: this.timeouts.startTimeoutMs,
    });
  }

  /** `GET /payments/{id}`. Safe to repeat. */
  async payment(at: __Name__Endpoint, id: string, options: CallOptions): Promise<__Name__Answer<wire.PaymentStatus>> {
    if (!wire.providerId.safeParse(id).success) return badArgument('id');
    return this.call(at, options, {
      method: 'GET',
      path: `/payments/${id}`,
      data: wire.paymentStatus,
      totalTimeoutMs: this.timeouts.readTimeoutMs,
    });
  }

  /** `GET /shops/{taxId}`: address, certificate and organization work together. Safe to repeat. */
  async shop(at: __Name__Endpoint, taxId: string, options: CallOptions): Promise<__Name__Answer<wire.Shop>> {
    if (!/^\d{10,12}$/.test(taxId)) return badArgument('taxId');
    return this.call(at, options, {
      method: 'GET',
      path: `/shops/${taxId}`,
      data: wire.shop,
      totalTimeoutMs: this.timeouts.readTimeoutMs,
    });
  }

  private async call<T>(at: __Name__Endpoint, options: CallOptions, call: Wire<T>): Promise<__Name__Answer<T>> {
    const json = call.body === undefined ? undefined : JSON.stringify(call.body);
    const outcome = await this.egress.request({
      target: at,
      method: call.method,
      path: call.path,
      headers: {
        accept: 'application/json',
        'x-request-id': options.requestId,
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(json === undefined ? {} : { body: json }),
      connectTimeoutMs: this.timeouts.connectTimeoutMs,
      totalTimeoutMs: call.totalTimeoutMs,
      maxAnswerBytes: MAX_ANSWER_BYTES,
      mayWrite: options.mayWrite,
    });
    return readAnswer(outcome, call.data);
  }
}

function badArgument(name: string): __Name__Answer<never> {
  return { is: 'not_sent', reason: 'bad_argument', detail: `${name} is not in the form that the provider states` };
}
