import { isFinalRefund, type RefundStatus } from '@tolem/domain';
import type { BankBooks, BankRow } from './bank-books.ts';
import type { AskedRefund } from './refund-till.ts';
import type { Shown } from './told-differences.ts';

/** A refund as the API shows it. */
export interface OurRefund extends Shown<RefundStatus> {
  payment: string | null;
  amount: number | null;
  reference: string | null;
  /** The bank's own ids: of what went back, unknown where reading its books showed it, and of the purchase. */
  provider: { id: string | null; purchase: string | null };
}

/** As much of a payment as its refunds move. */
export interface RefundedPayment {
  id: string;
  status: string;
  amount: number | null;
  amount_refunded: number;
  amount_refundable: number;
}

/** Everything that anybody knows about the money that went back. */
export interface RefundBooks {
  asked: readonly AskedRefund[];
  ours: readonly OurRefund[];
  payments: ReadonlyMap<string, RefundedPayment>;
  bank: BankBooks;
}

/** Everything in which they differ, one sentence each. */
export function refundDifferences(books: RefundBooks): string[] {
  return [
    ...atTheTill(books),
    ...oneEach(books),
    ...books.ours.flatMap(({ id, status }) => (isFinalRefund(status) ? [] : [`${id} is ${status}, which is no end`])),
    ...atTheBank(books),
    ...inTheAccounts(books),
  ];
}

function atTheTill({ asked, ours }: RefundBooks): string[] {
  const refunds = new Map(ours.map((refund) => [refund.id, refund]));
  return asked.flatMap((wanted) => {
    if (wanted.error !== undefined) return [`${wanted.key}: its till has no end of it: ${wanted.error}`];
    const refund = refunds.get(wanted.refund ?? '');
    if (refund === undefined) return [`${wanted.key}: ${wanted.refund ?? 'its refund'} is not in our books`];
    const { id, reference, amount, payment, status } = refund;
    const same = reference === wanted.key && amount === wanted.amountMinor && payment === wanted.payment;
    return [
      ...(same
        ? []
        : [
            `${id} is ${reference} over ${amount} of ${payment}, not ${wanted.key} over ${wanted.amountMinor} of ${wanted.payment}`,
          ]),
      ...(status === wanted.told ? [] : [`${id}: its till was told ${wanted.told}, our books say ${status}`]),
    ];
  });
}

/** A key makes one refund, however often it is repeated. */
function oneEach({ asked, ours }: RefundBooks): string[] {
  const keys = new Set(asked.map(({ key }) => key));
  return [...Map.groupBy(ours, ({ reference }) => reference ?? '')].flatMap(([key, made]) => {
    const ids = made.map(({ id }) => id).join(', ');
    return [
      ...(made.length > 1 ? [`${key} has ${made.length} refunds: ${ids}`] : []),
      ...(keys.has(key) ? [] : [`${ids}: nobody asked for it`]),
    ];
  });
}

/** Purchase by purchase: what the bank gave back is what we say that it gave back, each once. */
function atTheBank({ ours, bank }: RefundBooks): string[] {
  const returns = Map.groupBy(bank.returns, ({ payment_id: purchase }) => purchase ?? '');
  const succeeded = Map.groupBy(
    ours.filter(({ status }) => status === 'succeeded'),
    ({ provider }) => provider.purchase ?? '',
  );
  const purchases = new Set([...returns.keys(), ...succeeded.keys()]);
  return [...purchases].flatMap((purchase) =>
    ofPurchase(purchase, returns.get(purchase) ?? [], succeeded.get(purchase) ?? []),
  );
}

/** Those whose id the bank told us are found by it, then the others by their sum. */
function ofPurchase(purchase: string, rows: readonly BankRow[], refunds: readonly OurRefund[]): string[] {
  const left = [...rows];
  const take = (is: (row: BankRow) => boolean): BankRow | undefined => {
    const at = left.findIndex(is);
    return at < 0 ? undefined : left.splice(at, 1)[0];
  };
  const [named, unnamed] = [true, false].map((has) => refunds.filter(({ provider }) => (provider.id !== null) === has));
  const ours = [
    ...(named ?? []).flatMap((refund) => {
      const row = take(({ id }) => id === refund.provider.id);
      if (row === undefined) return [`${refund.id} went back as ${refund.provider.id}, which the bank has not for it`];
      const same = row.amount === refund.amount;
      return same ? [] : [`${refund.id} is over ${refund.amount} here and over ${row.amount} at the bank`];
    }),
    ...(unnamed ?? []).flatMap((refund) =>
      take(({ amount }) => amount === refund.amount) === undefined
        ? [`${refund.id} is succeeded here and did not go back at the bank`]
        : [],
    ),
  ];
  return [
    ...ours,
    ...left.map(({ id, amount }) => `the bank gave ${amount} of ${purchase} back as ${id}, which we do not know`),
  ];
}

/** What a payment shows as refunded is the sum of its refunds, and nothing stays reserved for one that has ended. */
function inTheAccounts({ ours, payments }: RefundBooks): string[] {
  const ended = ours.filter(({ status }) => status === 'succeeded');
  const open = new Set(ours.filter(({ status }) => !isFinalRefund(status)).map(({ payment }) => payment));
  const sums = Map.groupBy(ended, ({ payment }) => payment ?? '');
  return [...payments.values()].flatMap(
    ({ id, status, amount, amount_refunded: refunded, amount_refundable: left }) => {
      const sum = (sums.get(id) ?? []).reduce((all, refund) => all + (refund.amount ?? 0), 0);
      const wantedLeft = status === 'succeeded' ? (amount ?? 0) - sum : 0;
      return [
        ...(refunded === sum ? [] : [`${id} shows ${refunded} as refunded, its refunds make ${sum}`]),
        ...(left === wantedLeft || open.has(id) ? [] : [`${id} shows ${left} as refundable, left are ${wantedLeft}`]),
      ];
    },
  );
}
