import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type CashierKey, cashierText, type PaymentStatus, refundTillOf, type Till, tillOf } from '@tolem/domain';
import { KASPI_RETURN_STATUSES, KASPI_STATUSES } from '../src/answers/statuses.ts';
import { KaspiHouse } from './kaspi-house.ts';
import { type ScriptedBank, type ScriptedRequest, startScriptedBank } from './scripted-bank.ts';
import type { Connection } from './stand-in-gateway.ts';

/** What the cashier may do: the screen, its text, whether the goods go, whether another one may begin. */
type Shown = readonly [screen: Till['screen'], message: CashierKey, goods: boolean, another: boolean];

const SHOW_QR: Shown = ['show_qr', 'show_qr', false, false];
const CONFIRM: Shown = ['confirm_in_app', 'confirm_in_app', false, false];
const PAID: Shown = ['paid', 'paid', true, true];
const SENT: Shown = ['wait', 'invoice_sent', false, false];
const notPaid = (message: CashierKey): Shown => ['not_paid', message, false, true];
const notRefunded = (message: CashierKey): Shown => ['not_refunded', message, false, true];
const SHOW_REFUND_QR: Shown = ['show_qr', 'refund_show_qr', false, false];

// Written from the bank's appendices and from what has been seen elsewhere, not from the tables under test.
const DECLINED = [
  'CancelledByUser NotConfirmedByUser CancelledByExternalSource ProcessingFailed Rejected InsufficientFunds',
  'InsufficientFundsError IrisSrcBlockCode1 IrisSrcBlockCode3 IrisSrcBlockCode9',
  'IrisDestBlockCode3 IrisDestBlockCode5 IrisDestBlockCode7 IrisDestBlockCode10 RemotePaymentRejected Error',
].flatMap((words) => words.split(' '));
/** Words that no bank sends, or that nobody knows: they end nothing. */
const STRANGE = ['Refunded', 'Returned', 'NotCreated', 'Creating', 'PaymentInLimbo', 'processed', 'PROCESSED'];
const PENDING = ['QrTokenCreated', 'RemotePaymentCreated', 'QrTokenScanned', 'PaymentConfirmation'];

const OF_A_CODE: readonly (readonly [string, Shown])[] = [
  ...[...PENDING, ...STRANGE].map((word) => [word, SHOW_QR] as const),
  ['Wait', CONFIRM],
  ['Processed', PAID],
  ...[...DECLINED, 'Expired', 'RemotePaymentCanceled'].map((word) => [word, notPaid('declined')] as const),
  ['QrTokenDiscarded', notPaid('expired')],
];
/** Of an invoice that is cancelled or over in time the cashier reads just that. */
const OF_AN_INVOICE: readonly (readonly [string, Shown])[] = [
  ...[...PENDING, ...STRANGE, 'Wait'].map((word) => [word, SENT] as const),
  ['Processed', PAID],
  ...DECLINED.map((word) => [word, notPaid('declined')] as const),
  ['RemotePaymentCanceled', notPaid('canceled')],
  ['QrTokenDiscarded', notPaid('expired')],
  ['Expired', notPaid('expired')],
];
const OF_A_REFUND: readonly (readonly [string, Shown])[] = [
  ['QrTokenCreated', SHOW_REFUND_QR],
  ['CustomerIdentityObtained', ['choose_purchase', 'refund_choose', false, false]],
  ['Error', notRefunded('refund_expired')],
  ['QrTokenDiscarded', notRefunded('refund_expired')],
  ...[...STRANGE, 'Wait', 'Processed'].map((word) => [word, SHOW_REFUND_QR] as const),
];

type Kind = 'code' | 'invoice' | 'refund';

interface Case {
  readonly kind: Kind;
  readonly word: string;
  readonly shown: Shown;
  /** Tenge; its own sum, or the refund's id in the request, is how the bank knows which word to say. */
  readonly sum: number;
}

const CASES: readonly Case[] = [
  ...OF_A_CODE.map(([word, shown]) => ({ kind: 'code' as const, word, shown })),
  ...OF_AN_INVOICE.map(([word, shown]) => ({ kind: 'invoice' as const, word, shown })),
  ...OF_A_REFUND.map(([word, shown]) => ({ kind: 'refund' as const, word, shown })),
].map((one, index) => ({ ...one, sum: 1_000 + index }));

/** Whoever computes with them cannot tell one from the next. */
const BEYOND_DOUBLE = 9_007_199_254_740_993n;
/** What the buyer who shows himself has bought. */
const BOUGHT = `${BEYOND_DOUBLE + 1_000_000n}`;
const RETURNED = `${BEYOND_DOUBLE + 2_000_000n}`;
const TOKEN = '1'.repeat(41);
const QR_OPTIONS = '{"StatusPollingInterval":1,"QrCodeScanWaitTimeout":600,"PaymentConfirmationTimeout":600}';
const RETURN_OPTIONS = '{"QrCodeScanEventPollingInterval":1,"QrCodeScanWaitTimeout":600}';

const ok = (data: string): { text: string } => ({ text: `{"StatusCode":0,"Message":"OK","Data":${data}}` });

/** A bank that says one word about each thing that it has made, for ever. */
class WordyBank {
  readonly ids = new Map<Case, string>();
  private readonly cases = new Map<string, Case>();
  private readonly asked = new Map<string, number>();

  readonly script = ({ path, body }: ScriptedRequest): { text: string } => {
    const [where = '', query = ''] = path.split('?');
    switch (where.split('/').slice(3, 5).join('/')) {
      case 'partner/tradepoints':
        return ok('[{"TradePointId":41,"TradePointName":"Магазин (Абая, 10)"}]');
      case 'device/register':
        return ok('{"DeviceToken":"token"}');
      case 'qr/create':
        return ok(`{"QrToken":"${TOKEN}","QrPaymentId":${this.make(body)},"QrPaymentBehaviorOptions":${QR_OPTIONS}}`);
      case 'remote/create':
        return ok(`{"QrPaymentId":${this.make(body)}}`);
      case 'return/create':
        return ok(`{"QrToken":"${TOKEN}","QrReturnId":${this.make(body)},"QrReturnBehaviorOptions":${RETURN_OPTIONS}}`);
      case 'payment/status':
      case 'return/status':
        return ok(`{"Status":"${this.wordAbout(where.split('/').at(-1) ?? '')}"}`);
      case 'return/operations':
        return ok(`[{"QrPaymentId":${BOUGHT},"TransactionDate":"2026-02-11T09:00:00+05","Amount":1490.00}]`);
      case 'payment/details':
        return ok(this.details(new URLSearchParams(query).get('QrPaymentId') ?? ''));
      case 'payment/return':
        return ok(`{"ReturnOperationId":${RETURNED}}`);
      default:
        return ok('null');
    }
  };

  /** How often anybody has asked for the word. */
  questions(one: Case): number {
    return this.asked.get(this.ids.get(one) ?? '') ?? 0;
  }

  private make(body: string): string {
    const [, sum] = /"Amount":(\d+)/.exec(body) ?? [];
    const one = CASES.find((candidate) =>
      sum === undefined ? body.includes(refundOf(candidate)) : `${candidate.sum}` === sum,
    );
    const id = `${BEYOND_DOUBLE + BigInt(this.cases.size)}`;
    if (one === undefined) return id;
    this.ids.set(one, id);
    this.cases.set(id, one);
    return id;
  }

  private wordAbout(id: string): string {
    this.asked.set(id, (this.asked.get(id) ?? 0) + 1);
    // Where an id has lost digits, its word is another one's.
    return this.cases.get(id)?.word ?? 'Error';
  }

  private details(id: string): string {
    const sum = this.cases.get(id)?.sum ?? 1_490;
    return `{"QrPaymentId":${id},"TotalAmount":${sum},"AvailableReturnAmount":${sum}}`;
  }
}

/** The refund of a case; its number stands at the end, because an id has no other place for it. */
function refundOf({ kind, sum }: Case): string {
  return kind === 'refund' ? `ref_${`${sum}`.padStart(26, '0')}` : 'none';
}

describe('every word of the bank about ids beyond 2^53, as the till sees it', () => {
  const wordy = new WordyBank();
  let house: KaspiHouse;
  let bank: ScriptedBank;
  let shop: Connection;
  let withBuyer: Connection;
  const subjects = new Map<Case, string>();
  const subjectOf = (one: Case): string => subjects.get(one) ?? '';
  const caseOf = (kind: Kind, word: string): Case => {
    const found = CASES.find((one) => one.kind === kind && one.word === word);
    if (found === undefined) throw new Error(`${word} is no word about a ${kind}`);
    return found;
  };

  beforeAll(async () => {
    house = await KaspiHouse.open();
    bank = await startScriptedBank(house.bank.sandbox.tls, wordy.script);
    shop = await house.connectUnder('r3', bank.url);
    withBuyer = await house.connectUnder('r2', bank.url);
    for (const one of CASES) subjects.set(one, await begin(one));
    await house.until('everything to be made', () => wordy.ids.size === CASES.length);
    for (const one of CASES.filter(({ kind }) => kind === 'invoice')) {
      await house.reached(subjectOf(one), 'requires_customer');
      house.refresh(shop, subjectOf(one));
    }
    await house.until('every word to have been heard', () => CASES.every(isHeard));
  }, 120_000);
  afterAll(async () => {
    await house.close();
    await bank.close();
  });

  async function begin(one: Case): Promise<string> {
    const options = { amountMinor: one.sum * 100, startBy: house.clock.now() + 600_000 };
    switch (one.kind) {
      case 'code':
        return house.pay(shop, options);
      case 'invoice':
        return house.invoice(shop, '77015550123', options);
      case 'refund':
        house.refundAgain(withBuyer, refundOf(one), { payment: null, amountMinor: null });
        return refundOf(one);
    }
  }

  /** Asked for a second time, or told with more than that it has begun. */
  function isHeard(one: Case): boolean {
    const news = house.events.filter(({ subject }) => subject === subjectOf(one)).length;
    return wordy.questions(one) > 1 || (wordy.questions(one) === 1 && news > 1);
  }

  function tillNow(one: Case): Till {
    const subject = subjectOf(one);
    const isRefund = one.kind === 'refund';
    const state = isRefund ? house.refundNow(subject) : house.state(subject);
    const seen = house.progress(subject).at(-1)?.body as { phase: PaymentStatus } | undefined;
    const now = {
      nextAction: state?.next_action?.type,
      failureKey: (state?.failure?.cashier_key ?? null) as CashierKey | null,
      nowMs: house.clock.now(),
    };
    if (isRefund) return refundTillOf({ ...now, status: house.refundNow(subject)?.phase ?? 'pending' });
    return tillOf({ ...now, status: seen?.phase ?? house.state(subject)?.phase ?? 'created' });
  }

  it.each(CASES.map((one) => [one.kind, one.word, one] as const))('%s, %s', (_kind, _word, one) => {
    const { screen, message, hand_over_goods: goods, may_start_another: another } = tillNow(one);
    const [, key] = one.shown;
    expect([screen, message, goods, another]).toEqual([one.shown[0], cashierText(key), one.shown[2], one.shown[3]]);
  });

  it('the table speaks of every word that is known of purchases and of refund codes', () => {
    const told = (kind: Kind) => new Set(CASES.filter((one) => one.kind === kind).map(({ word }) => word));
    for (const kind of ['code', 'invoice'] as const) {
      expect([...KASPI_STATUSES.keys()].filter((word) => !told(kind).has(word))).toEqual([]);
    }
    expect([...KASPI_RETURN_STATUSES.keys()].filter((word) => !told('refund').has(word))).toEqual([]);
  });

  it('no id has lost a digit: purchases and invoices are told under theirs, and asked about by them', () => {
    for (const one of CASES.filter(({ kind }) => kind !== 'refund')) {
      expect(house.state(subjectOf(one))?.provider_ref).toBe(wordy.ids.get(one));
    }
    const asked = new Set(bank.requests.flatMap(({ path }) => /\/status\/(\d+)$/.exec(path)?.[1] ?? []));
    expect([...asked].sort()).toEqual([...wordy.ids.values()].sort());
  });

  it('an invoice is cancelled by the id that it was given', async () => {
    const invoice = caseOf('invoice', 'RemotePaymentCreated');
    house.cancel(shop, subjectOf(invoice));
    const isCancel = ({ path }: ScriptedRequest): boolean => path.endsWith('/remote/cancel');
    await house.until('the cancel', () => bank.requests.some(isCancel));
    expect(bank.requests.find(isCancel)?.body).toContain(`"QrPaymentId":${wordy.ids.get(invoice)}}`);
  });

  it('the purchase that the cashier chooses goes back by its id and by that of the code, told under the bank’s', async () => {
    const one = caseOf('refund', 'CustomerIdentityObtained');
    const refund = subjectOf(one);
    expect(house.refundNow(refund)?.next_action?.purchases).toMatchObject([{ ref: BOUGHT, amount: 149_000 }]);
    house.choose(withBuyer, refund, { ref: BOUGHT, amountMinor: 49_000 });
    const state = await house.refundReached(refund, 'succeeded');
    expect(state).toMatchObject({ purchase_ref: BOUGHT, provider_ref: RETURNED, amount: 49_000 });
    const [returned] = bank.requests.filter(({ path }) => path.endsWith('/payment/return'));
    expect(returned?.body).toContain(`"QrPaymentId":${BOUGHT},"QrReturnId":${wordy.ids.get(one)},`);
    const [listed] = bank.requests.filter(({ path }) => path.endsWith('/return/operations'));
    expect(listed?.body).toContain(`"QrReturnId":${wordy.ids.get(one)}`);
    expect(bank.requests.map(({ path }) => path).join('\n')).toContain(`/payment/details?QrPaymentId=${BOUGHT}&`);
  });
});
