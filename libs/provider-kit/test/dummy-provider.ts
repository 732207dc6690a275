import type { Failure } from '@tolem/contracts';
import type {
  AskedForOnly,
  Call,
  CancelOutcome,
  CheckOutcome,
  CheckRequest,
  CriticalMethod,
  DeviceOutcome,
  HarmlessMethod,
  Provider,
  QuestionOutcome,
  QuestionRequest,
  Resolution,
  StartOutcome,
  StartRequest,
  TakenRequest,
  VerifiedPaid,
  HealthOutcome,
  VerifyOutcome,
  Waiting,
} from '../src/index.ts';
import type { Clock } from '@tolem/domain';
import { DummyRefunds } from './dummy-refunds.ts';
import type { Gate } from './gate.ts';

/** What the provider does with one call that starts a payment. */
export type StartStep =
  | 'ok'
  | 'refused'
  /** The way is closed: certainly nothing leaves. */
  | 'not_sent'
  /** The call is lost on its way there: nothing is performed. */
  | 'lost_before'
  /** It is performed, and the answer is lost. */
  | 'lost_after'
  | 'device_unknown'
  /** A bug of the provider's code here. */
  | 'throws'
  /** Performed under an id that the provider has given to another payment. */
  | { readonly sameRefAs: string };

export type CheckStep =
  | CheckOutcome
  | 'throws'
  /** Whatever is true at the provider. */
  | 'truth';

export type ResolveStep = 'truth' | 'unclear' | 'not_performed' | 'device_unknown' | 'throws';

/** What happens to one payment. Of each list the last entry repeats. */
export interface Script {
  readonly starts?: readonly StartStep[];
  readonly checks?: readonly CheckStep[];
  readonly resolves?: readonly ResolveStep[];
  readonly note?: 'noted' | 'refused' | 'unreachable';
  readonly duringNote?: Gate;
  readonly waiting?: Partial<Waiting>;
  /** No timer asks: an invoice. */
  readonly askedForOnly?: AskedForOnly;
  /** What the provider answers to a cancel; the last one repeats. `done` really ends an unpaid purchase. */
  readonly cancels?: readonly ('done' | 'refused' | 'unreachable' | 'device_unknown' | 'ignored')[];
  readonly verifications?: readonly (VerifiedPaid | 'truth')[];
  /** Before the first byte leaves: the process is held up here. */
  readonly beforeStart?: Gate;
  /** The provider has acted and is slow to answer. */
  readonly afterStart?: Gate;
  readonly duringCheck?: Gate;
  readonly duringVerifyPaid?: Gate;
}

/** One start that really was performed at the provider. */
export interface LedgerEntry {
  readonly paymentId: string;
  readonly connectionId: string;
  readonly ref: string;
  readonly amountMinor: number | null;
  readonly token: string | null;
  readonly personal: StartRequest['personal'];
  readonly requestId: string;
  /** The version of the connection that the call was made under. */
  readonly version: number;
  readonly at: number;
}

type Purchase = 'waiting' | 'scanned' | 'paid' | 'declined' | 'expired' | 'canceled';

/** A process that may be dead: then nothing of it reaches the provider any more. */
export interface Life {
  alive: boolean;
}

export const DEVICE_SECRET = 'device-secret';
const WAITING: Waiting = { intervalMs: 20, customerWithinMs: 30_000, confirmWithinMs: 30_000 };

export function dummyFailure(code: string): Failure {
  return { code, provider_code: 'D-1', provider_message: 'as scripted', cashier_key: 'failed' };
}

/**
 * A provider whose behaviour a spec writes per payment, with the ledger of what it really did. Its methods:
 * `dummy_pay` (orphanable), `dummy_safe` (repeatable: the same request id is the same purchase), `dummy_once` (critical,
 * repeated once after proof), `dummy_once_refuse` (critical, refused after proof), `dummy_verified` (its books are looked
 * into after success) and `dummy_invoice` (critical, never found out, asked about only on request, can be canceled).
 * Refunds are in `DummyRefunds`; the question is `payer`.
 */
export class DummyProvider {
  readonly ledger: LedgerEntry[] = [];
  /** Calls of any kind in the order of their coming: `note pay_…`, `start pay_…`, `check pay_…`, `register dsk_…`, `verify con_…`. */
  readonly calls: string[] = [];
  readonly underWay = new Map<string, number>();
  readonly mostUnderWay = new Map<string, number>();
  readonly healthOf = new Map<string, VerifyOutcome | Gate>();
  /** What a ping hears, where it is not what `verify` hears. */
  readonly pingOf = new Map<string, HealthOutcome>();
  readonly refunds: DummyRefunds = new DummyRefunds(this.calls, (token) => this.knowsDevice(token), this.clock);
  /** What the question `payer` is answered, in the order of asking; the last one repeats. */
  answersToPayer: readonly QuestionOutcome[] = [{ is: 'answered', answer: { name: 'Aigerim' } }];
  readonly askedPayers: QuestionRequest[] = [];
  duringQuestion: Gate | null = null;
  deviceAnswer: Exclude<DeviceOutcome, { is: 'registered' }> | null = null;
  readonly #scripts = new Map<string, Script>();
  readonly #played = new Map<string, number>();
  readonly #purchases = new Map<string, Purchase>();
  readonly #devices = new Map<string, string>();
  #generation = 0;

  constructor(private readonly clock: Clock) {}

  script(paymentId: string, script: Script): void {
    this.#scripts.set(paymentId, script);
  }

  /** Lets the buyer of a payment do something. */
  buyer(paymentId: string, does: Purchase): void {
    this.#purchases.set(paymentId, does);
  }

  /** The provider loses a device, as a re-installed till does. */
  loseDevice(deskId: string): void {
    for (const key of [...this.#devices.keys()]) if (key.startsWith(deskId)) this.#devices.delete(key);
  }

  starts(paymentId: string): readonly LedgerEntry[] {
    return this.ledger.filter((entry) => entry.paymentId === paymentId);
  }

  count(call: string): number {
    return this.calls.filter((made) => made === call).length;
  }

  /** As one process sees it. */
  providerFor(life: Life): Provider {
    const pay = (type: string, effect: HarmlessMethod['effect']): HarmlessMethod => ({
      type,
      effect,
      start: (call, request) => this.#start(life, call, request, effect === 'repeatable'),
      check: (call, request) => this.#check(life, call, request),
    });
    const once = (type: string, afterNotPerformed: CriticalMethod['afterNotPerformed']): CriticalMethod => ({
      type,
      effect: 'critical',
      afterNotPerformed,
      note: async (_call, { paymentId }) => {
        this.calls.push(`note ${paymentId}`);
        await this.#scripts.get(paymentId)?.duringNote?.arrive();
        const failure = dummyFailure('note');
        const is = this.#scripts.get(paymentId)?.note ?? 'noted';
        return is === 'noted' ? { is, note: { before: this.starts(paymentId).length } } : { is, failure };
      },
      start: (call, request) => this.#start(life, call, request, false),
      check: (call, request) => this.#check(life, call, request),
      resolve: async (_call, request, note) => this.#resolve(request, note),
    });
    return {
      name: 'dummy',
      methods: [
        pay('dummy_pay', 'orphanable'),
        pay('dummy_safe', 'repeatable'),
        once('dummy_once', 'repeat_once'),
        once('dummy_once_refuse', 'refuse'),
        {
          ...pay('dummy_verified', 'orphanable'),
          verifyPaid: (_call, request) => this.#verifyPaid(request),
        },
        {
          ...once('dummy_invoice', 'refuse'),
          resolve: null,
          inDoubt: { ...dummyFailure('invoice_unknown'), cashier_key: 'invoice_unknown' },
          cancel: async (call, request) => this.#cancel('cancel', life, call, request),
          giveUp: async (call, request) => this.#cancel('give up', life, call, request),
        },
      ],
      refunds: this.refunds.for(life),
      questions: [
        {
          kind: 'payer',
          limit: { capacity: 3, refillPerSecond: 0.1 },
          ask: async (_call, request) => {
            this.calls.push('ask payer');
            this.askedPayers.push(request);
            await this.duringQuestion?.arrive();
            const place = Math.min(this.askedPayers.length, this.answersToPayer.length) - 1;
            return this.answersToPayer[place] ?? { is: 'unreachable', failure: dummyFailure('none') };
          },
        },
      ],
      devices: {
        register: async (call, { deskId, tradePointRef }) => {
          if (!life.alive || !call.mayWrite()) return { is: 'unreachable', failure: dummyFailure('not_sent') };
          this.calls.push(`register ${deskId}`);
          if (this.deviceAnswer !== null) return this.deviceAnswer;
          return { is: 'registered', token: this.#tokenOf(`${deskId}@${tradePointRef}`) };
        },
        delete: async (_call, { token }) => {
          this.calls.push(`delete ${token}`);
          if (this.deviceAnswer !== null) return this.deviceAnswer;
          for (const [key, known] of this.#devices) if (known === token) this.#devices.delete(key);
          return { is: 'deleted' };
        },
      },
      verify: async ({ access }) => {
        this.calls.push(`verify ${access.connectionId}`);
        const health = this.healthOf.get(access.connectionId) ?? { is: 'up', tradePoints: null };
        if ('is' in health) return health;
        await health.passed;
        return { is: 'refused', failure: dummyFailure(`refused_version_${access.version}`) };
      },
      health: async ({ access }) => {
        this.calls.push(`ping ${access.connectionId}`);
        const health = this.pingOf.get(access.connectionId) ?? this.healthOf.get(access.connectionId);
        return health !== undefined && 'is' in health ? health : { is: 'up' };
      },
    };
  }

  #tokenOf(device: string): string {
    const known = this.#devices.get(device);
    if (known !== undefined) return known;
    this.#generation += 1;
    const token = `${DEVICE_SECRET}-${device}-${this.#generation}`;
    this.#devices.set(device, token);
    return token;
  }

  async #start(life: Life, call: Call, request: StartRequest, sameIsSame: boolean): Promise<StartOutcome> {
    const { paymentId } = request;
    const script = this.#scripts.get(paymentId) ?? {};
    const step = this.#next(`start ${paymentId}`, script.starts) ?? 'ok';
    await script.beforeStart?.arrive();
    if (!life.alive || !call.mayWrite()) return { is: 'not_sent', failure: dummyFailure('withdrawn') };
    this.calls.push(`start ${paymentId}`);
    const lost: StartOutcome = { is: 'lost', failure: dummyFailure('no_answer') };
    if (step === 'throws') throw new Error('the dummy is broken');
    if (step === 'refused' || step === 'not_sent') return { is: step, failure: dummyFailure(step) };
    if (step === 'lost_before') return lost;
    if (step === 'device_unknown' || !this.knowsDevice(request.deviceToken))
      return { is: 'device_unknown', failure: dummyFailure('device') };
    const done = this.#perform(call, request, typeof step === 'object' ? step.sameRefAs : undefined, sameIsSame);
    await script.afterStart?.arrive();
    return step === 'lost_after' || !life.alive ? lost : this.#started(done.ref, script);
  }

  knowsDevice(token: string | null): boolean {
    return token === null || [...this.#devices.values()].includes(token);
  }

  #cancel(how: 'cancel' | 'give up', life: Life, call: Call, { paymentId, deviceToken }: TakenRequest): CancelOutcome {
    if (!life.alive || !call.mayWrite()) return { is: 'unreachable', failure: dummyFailure('dead') };
    this.calls.push(`${how} ${paymentId}`);
    if (!this.knowsDevice(deviceToken)) return { is: 'device_unknown', failure: dummyFailure('device') };
    const step = this.#next(`${how} ${paymentId}`, this.#scripts.get(paymentId)?.cancels) ?? 'done';
    if (step === 'refused' || step === 'device_unknown' || step === 'unreachable')
      return { is: step, failure: dummyFailure(step) };
    const isUnpaid = ['waiting', 'scanned'].includes(this.#purchases.get(paymentId) ?? 'waiting');
    if (step === 'done' && isUnpaid) this.#purchases.set(paymentId, 'canceled');
    return { is: 'done' };
  }

  async #verifyPaid({ paymentId, providerRef, deviceToken }: TakenRequest): Promise<VerifiedPaid> {
    this.calls.push(`verify paid ${paymentId}`);
    if (!this.knowsDevice(deviceToken)) return { is: 'device_unknown', failure: dummyFailure('device') };
    const script = this.#scripts.get(paymentId);
    await script?.duringVerifyPaid?.arrive();
    const step = this.#next(`verify paid ${paymentId}`, script?.verifications) ?? 'truth';
    const amountMinor = this.starts(paymentId).at(-1)?.amountMinor ?? 0;
    return step === 'truth' ? { is: 'details', providerRef, amountMinor } : step;
  }

  #perform(call: Call, request: StartRequest, refOf: string | undefined, sameIsSame: boolean): LedgerEntry {
    const { paymentId, amountMinor, deviceToken: token, personal } = request;
    const known = this.starts(paymentId).find(({ requestId }) => sameIsSame && requestId === call.requestId);
    if (known !== undefined) return known;
    const taken = refOf === undefined ? undefined : this.starts(refOf)[0]?.ref;
    const entry: LedgerEntry = {
      paymentId,
      connectionId: call.access.connectionId,
      ref: taken ?? `ref-${paymentId}-${this.starts(paymentId).length + 1}`,
      amountMinor,
      token,
      personal,
      requestId: call.requestId,
      version: call.access.version,
      at: this.clock.now(),
    };
    this.ledger.push(entry);
    return entry;
  }

  #started(ref: string, script: Script): Extract<StartOutcome, { is: 'started' }> {
    return {
      is: 'started',
      providerRef: ref,
      nextAction: { type: 'show_qr', qr: `qr of ${ref}` },
      paymentMethods: ['card'],
      waiting: script.askedForOnly ?? { ...WAITING, ...script.waiting },
    };
  }

  async #check(life: Life, call: Call, request: CheckRequest): Promise<CheckOutcome> {
    const { paymentId } = request;
    if (!life.alive) return { is: 'unreachable', reason: 'dead' };
    const script = this.#scripts.get(paymentId) ?? {};
    this.calls.push(`check ${paymentId}`);
    this.#count(call.access.connectionId, 1);
    try {
      await script.duringCheck?.arrive();
      const step = this.#next(`check ${paymentId}`, script.checks) ?? 'truth';
      if (step === 'throws') throw new Error('the dummy is broken');
      return step === 'truth' ? this.#truth(paymentId) : step;
    } finally {
      this.#count(call.access.connectionId, -1);
    }
  }

  #count(connectionId: string, by: number): void {
    const now = (this.underWay.get(connectionId) ?? 0) + by;
    this.underWay.set(connectionId, now);
    this.mostUnderWay.set(connectionId, Math.max(now, this.mostUnderWay.get(connectionId) ?? 0));
  }

  #truth(paymentId: string): CheckOutcome {
    const purchase = this.#purchases.get(paymentId) ?? 'waiting';
    switch (purchase) {
      case 'waiting':
        return { is: 'pending', phase: 'requires_customer' };
      case 'scanned':
        return { is: 'pending', phase: 'processing' };
      case 'paid':
        return { is: 'paid', slip: { transaction: `tx of ${paymentId}` } };
      case 'declined':
      case 'canceled':
      case 'expired':
        return { is: 'not_paid', phase: purchase, failure: dummyFailure(purchase) };
    }
  }

  #resolve({ paymentId, deviceToken }: StartRequest, note: unknown): Resolution {
    this.calls.push(`resolve ${paymentId}`);
    if (!this.knowsDevice(deviceToken)) return { is: 'device_unknown', failure: dummyFailure('device') };
    const script = this.#scripts.get(paymentId) ?? {};
    const step = this.#next(`resolve ${paymentId}`, script.resolves) ?? 'truth';
    if (step === 'throws') throw new Error('the dummy is broken');
    if (step === 'unclear' || step === 'device_unknown') return { is: step, failure: dummyFailure(step) };
    const { before } = note as { before: number };
    const done = this.starts(paymentId).at(before);
    if (step === 'not_performed' || done === undefined) {
      return { is: 'not_performed', failure: dummyFailure('not_performed') };
    }
    return this.#started(done.ref, script);
  }

  #next<S>(key: string, steps: readonly S[] | undefined): S | undefined {
    const place = this.#played.get(key) ?? 0;
    this.#played.set(key, place + 1);
    return steps?.[Math.min(place, steps.length - 1)];
  }
}
