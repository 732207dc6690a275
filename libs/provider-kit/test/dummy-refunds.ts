import type { Failure } from '@tolem/contracts';
import type { Clock } from '@tolem/domain';
import type {
  BuyersPurchase,
  IdentifiedOutcome,
  InviteOutcome,
  InviteRequest,
  Noted,
  PurchasesOutcome,
  Refunds,
  ReturnOutcome,
  ReturnRequest,
  ReturnResolution,
  RefundWay,
} from '../src/index.ts';
import type { Life } from './dummy-provider.ts';
import type { Gate } from './gate.ts';

/** What the provider does with one call that returns money. */
export type ReturnStep =
  | 'ok'
  | 'refused'
  | 'not_sent'
  /** Lost on its way there: nothing is performed. */
  | 'lost_before'
  /** Performed, and the answer is lost. */
  | 'lost_after'
  | 'device_unknown'
  | { readonly sameRefAs: string };

/** What happens to one refund. Of each list the last entry repeats. */
export interface RefundScript {
  readonly way?: RefundWay;
  readonly invites?: readonly ('ok' | 'refused' | 'not_sent' | 'lost' | 'device_unknown')[];
  readonly waiting?: Partial<{ readonly intervalMs: number; readonly customerWithinMs: number }>;
  readonly identifieds?: readonly IdentifiedOutcome['is'][];
  readonly lists?: readonly (readonly BuyersPurchase[] | 'refused' | 'unreachable' | 'device_unknown')[];
  readonly note?: 'refused' | 'unreachable';
  readonly sends?: readonly ReturnStep[];
  readonly resolves?: readonly ('truth' | 'unclear' | 'not_performed' | 'device_unknown')[];
  readonly afterNotPerformed?: 'repeat_once' | 'refuse';
  readonly beforeSend?: Gate;
  readonly afterSend?: Gate;
  readonly afterInvite?: Gate;
}

/** Money that really went back. */
export interface ReturnEntry {
  readonly refundId: string;
  readonly purchaseRef: string;
  readonly amountMinor: number;
  readonly customerRef: string | null;
  readonly token: string | null;
  readonly requestId: string;
  readonly ref: string;
  readonly at: number;
}

const WAITING = { intervalMs: 20, customerWithinMs: 30_000 };

function failure(code: string): Failure {
  return { code, provider_code: 'D-2', provider_message: 'as scripted', cashier_key: 'refund_failed' };
}

/**
 * The refunds of the dummy provider, with the ledger of what really went back. How money goes back is the connection's
 * scheme: `with_buyer` and `by_hand` by that name, everything else at once.
 */
export class DummyRefunds {
  readonly ledger: ReturnEntry[] = [];
  /** How much of a purchase can still go back; unlimited where nothing is said. */
  readonly refundable = new Map<string, number>();
  readonly #scripts = new Map<string, RefundScript>();
  readonly #played = new Map<string, number>();
  readonly #customers = new Map<string, string>();

  constructor(
    private readonly calls: string[],
    private readonly knowsDevice: (token: string | null) => boolean,
    private readonly clock: Clock,
  ) {}

  script(refundId: string, script: RefundScript): void {
    this.#scripts.set(refundId, script);
  }

  returns(refundId: string): readonly ReturnEntry[] {
    return this.ledger.filter((entry) => entry.refundId === refundId);
  }

  /** By somebody whom the service knows nothing of, as in the provider's own app. */
  returnedByHand(purchaseRef: string, amountMinor: number): void {
    const by = { refundId: 'by hand', customerRef: null, token: null, requestId: 'by hand' };
    this.ledger.push({
      ...by,
      purchaseRef,
      amountMinor,
      ref: `return-${this.ledger.length + 1}`,
      at: this.clock.now(),
    });
  }

  /** As one process sees it. */
  for(life: Life): Refunds {
    return {
      wayOf: ({ scheme }) => (scheme === 'with_buyer' || scheme === 'by_hand' ? scheme : 'at_once'),
      afterNotPerformed: ({ scheme }) => (scheme === 'with_buyer' ? 'refuse' : 'repeat_once'),
      invite: (_call, request) => this.#invite(life, request),
      identified: async (_call, { customerRef }) => this.#identified(customerRef),
      purchases: async (_call, { customerRef, deviceToken }) => this.#purchases(customerRef, deviceToken),
      note: async (_call, request) => this.#note(request),
      send: (call, request) => this.#send(life, call.requestId, call.mayWrite, request),
      resolve: async (_call, request, note) => this.#resolve(request, note),
    };
  }

  async #invite(life: Life, { refundId, deviceToken }: InviteRequest): Promise<InviteOutcome> {
    const script = this.#script(refundId);
    const step = this.#next(`invite ${refundId}`, script.invites) ?? 'ok';
    if (!life.alive) return { is: 'not_sent', failure: failure('dead') };
    this.calls.push(`invite ${refundId}`);
    if (step === 'refused' || step === 'not_sent' || step === 'lost') return { is: step, failure: failure(step) };
    if (step === 'device_unknown' || !this.knowsDevice(deviceToken))
      return { is: 'device_unknown', failure: failure('device') };
    const customerRef = `customer-${this.#customers.size + 1}`;
    this.#customers.set(customerRef, refundId);
    await script.afterInvite?.arrive();
    return {
      is: 'started',
      customerRef,
      nextAction: { type: 'show_qr', qr: `refund qr of ${customerRef}` },
      waiting: { ...WAITING, ...script.waiting },
    };
  }

  #identified(customerRef: string): IdentifiedOutcome {
    const refundId = this.#customers.get(customerRef) ?? '';
    this.calls.push(`identified ${refundId}`);
    const is = this.#next(`identified ${refundId}`, this.#script(refundId).identifieds) ?? 'pending';
    if (is === 'over') return { is, failure: failure('over') };
    return is === 'unreachable' ? { is, reason: 'silence' } : { is };
  }

  #purchases(customerRef: string, token: string | null): PurchasesOutcome {
    const refundId = this.#customers.get(customerRef) ?? '';
    this.calls.push(`purchases ${refundId}`);
    if (!this.knowsDevice(token)) return { is: 'device_unknown', failure: failure('device') };
    const step = this.#next(`purchases ${refundId}`, this.#script(refundId).lists) ?? [];
    if (step === 'refused' || step === 'device_unknown') return { is: step, failure: failure(step) };
    return step === 'unreachable' ? { is: step, reason: 'silence' } : { is: 'listed', purchases: step };
  }

  #note({ refundId, purchaseRef, amountMinor }: ReturnRequest): Noted {
    this.calls.push(`note ${refundId}`);
    const { note } = this.#script(refundId);
    if (note !== undefined) return { is: note, failure: failure('note') };
    const left = this.#left(purchaseRef);
    if (left < amountMinor)
      return { is: 'refused', failure: { ...failure('too_much'), cashier_key: 'refund_too_much' } };
    return { is: 'noted', note: { returned: this.#returned(purchaseRef) } };
  }

  async #send(life: Life, requestId: string, mayWrite: () => boolean, request: ReturnRequest): Promise<ReturnOutcome> {
    const { refundId, purchaseRef, amountMinor, customerRef, deviceToken: token } = request;
    const script = this.#script(refundId);
    const step = this.#next(`return ${refundId}`, script.sends) ?? 'ok';
    await script.beforeSend?.arrive();
    if (!life.alive || !mayWrite()) return { is: 'not_sent', failure: failure('withdrawn') };
    this.calls.push(`return ${refundId}`);
    if (step === 'refused' || step === 'not_sent') return { is: step, failure: failure(step) };
    if (step === 'lost_before') return { is: 'lost', failure: failure('no_answer') };
    if (step === 'device_unknown' || !this.knowsDevice(token))
      return { is: 'device_unknown', failure: failure('device') };
    const taken = typeof step === 'object' ? this.returns(step.sameRefAs)[0]?.ref : undefined;
    const ref = taken ?? `return-${this.ledger.length + 1}`;
    this.ledger.push({ refundId, purchaseRef, amountMinor, customerRef, token, requestId, ref, at: this.clock.now() });
    await script.afterSend?.arrive();
    return step === 'lost_after' || !life.alive
      ? { is: 'lost', failure: failure('no_answer') }
      : { is: 'returned', providerRef: ref };
  }

  #resolve({ refundId, purchaseRef, amountMinor, deviceToken }: ReturnRequest, note: unknown): ReturnResolution {
    this.calls.push(`resolve ${refundId}`);
    if (!this.knowsDevice(deviceToken)) return { is: 'device_unknown', failure: failure('device') };
    const step = this.#next(`resolve ${refundId}`, this.#script(refundId).resolves) ?? 'truth';
    if (step === 'unclear' || step === 'device_unknown') return { is: step, failure: failure(step) };
    const fell = this.#returned(purchaseRef) - (note as { returned: number }).returned;
    if (step === 'not_performed' || fell === 0) return { is: 'not_performed', failure: failure('not_performed') };
    return fell === amountMinor
      ? { is: 'returned', providerRef: null }
      : { is: 'unclear', failure: failure('fell_otherwise') };
  }

  #returned(purchaseRef: string): number {
    return this.ledger
      .filter((entry) => entry.purchaseRef === purchaseRef)
      .reduce((sum, entry) => sum + entry.amountMinor, 0);
  }

  #left(purchaseRef: string): number {
    return (this.refundable.get(purchaseRef) ?? Number.MAX_SAFE_INTEGER) - this.#returned(purchaseRef);
  }

  #script(refundId: string): RefundScript {
    return this.#scripts.get(refundId) ?? {};
  }

  #next<S>(key: string, steps: readonly S[] | undefined): S | undefined {
    const place = this.#played.get(key) ?? 0;
    this.#played.set(key, place + 1);
    return steps?.[Math.min(place, steps.length - 1)];
  }
}
