import { describe, expect, it } from '@jest/globals';
import { type Books, differencesIn } from './books.ts';

const CREATED_MS = 1_800_000_000_000;
const told = { of: 'pay_1', late: false };
const created = { ...told, event: 'evt_1', status: 'created', version: 1 } as const;
const paid = { ...told, event: 'evt_2', status: 'succeeded', version: 2 } as const;
const sale = { key: 'a-1', desk: 'd', amountMinor: 100, sentAtMs: CREATED_MS, cancels: false, payment: 'pay_1' };
const account = { amount: 100, amount_refunded: 0, amount_refundable: 100 };
const ours = { id: 'pay_1', status: 'succeeded', late: false, reference: 'a-1', version: 2 } as const;
const ourPayment = { ...ours, ...account, created_at: CREATED_MS };
const call = { at: CREATED_MS + 300, call: 'qr/create' };
const bankRow = {
  ...{ kind: 'payment', id: '7', external_id: 'pay_1', payment_id: null, amount: 100, status: 'Processed' },
  calls: [call],
};
const bank = (...purchases: (typeof bankRow)[]): Pick<Books, 'bank'> => ({ bank: { purchases, returns: [] } });
const read = (...payments: Books['events']['payments']): Pick<Books, 'events'> => ({
  events: { payments, refunds: [] },
});
const came = (...payments: Books['events']['payments']): Pick<Books, 'webhooks'> => ({
  webhooks: { payments, refunds: [] },
});

const AGREE: Books = {
  sales: [{ ...sale, told: 'succeeded' }],
  payments: [ourPayment],
  ...{ asked: [], refunds: [] },
  ...bank(bankRow),
  ...read(created, paid),
  eventsTwice: [],
  ...came(paid, created),
  webhooksForged: 0,
};

describe('books that agree', () => {
  it('show no difference, whatever order webhooks came in', () => {
    expect(differencesIn(AGREE)).toEqual([]);
  });

  it('may have codes at the bank that nobody paid', () => {
    const unpaid = { ...bankRow, id: '8', status: 'QrTokenDiscarded' };
    expect(differencesIn({ ...AGREE, ...bank(bankRow, unpaid) })).toEqual([]);
  });

  it('may have money that came after the till was told that there is none', () => {
    const late = { late: true };
    const books: Books = {
      ...AGREE,
      sales: [{ ...sale, told: 'failed' }],
      payments: [{ ...ourPayment, ...late }],
      ...read(created, { ...paid, ...late }),
      ...came(created, { ...paid, ...late }),
    };
    expect(differencesIn(books)).toEqual([]);
  });
});

describe('books that differ', () => {
  const cases: readonly [string, Partial<Books>, string][] = [
    ['a sale that never ended', { sales: [{ ...sale, error: 'still created' }] }, 'still created'],
    ['a till that was told otherwise', { sales: [{ ...sale, told: 'failed' }] }, 'its till was told failed'],
    ['a payment that is lost', { payments: [] }, 'is not in our books'],
    ['two payments of one key', { payments: [ourPayment, { ...ourPayment, id: 'pay_2' }] }, 'a-1 has 2 payments'],
    ['a payment that nobody asked for', { sales: [] }, 'nobody asked for it'],
    ['a payment without an end', { payments: [{ ...ourPayment, status: 'unknown' }] }, 'which is no end'],
    ['a purchase that we do not know', bank(bankRow, { ...bankRow, external_id: 'pay_9' }), 'pay_9, which we do not'],
    ['money taken twice', bank(bankRow, { ...bankRow, id: '8' }), 'was paid 2 times'],
    [
      'money that we do not see',
      { payments: [{ ...ourPayment, status: 'failed' }] },
      'was paid at the bank and is failed',
    ],
    ['money that is not there', bank({ ...bankRow, status: 'Error' }), 'was not paid at the bank'],
    ['another amount', bank({ ...bankRow, amount: 101 }), 'over 101 at the bank'],
    [
      'a start after its time',
      bank({ ...bankRow, calls: [{ ...call, at: CREATED_MS + 25_001 }] }),
      '25001 ms after its creation',
    ],
    ['an event that is read twice', { eventsTwice: ['evt_1'] }, 'evt_1 was read twice'],
    ['an event that is missing', { ...read(created), ...came(created) }, 'the events end with created'],
    ['a payment without events', { ...read(), ...came() }, 'is not in the events'],
    [
      'a state that was overwritten',
      read(paid, { ...created, version: 3 }, { ...paid, event: 'evt_3', version: 4 }),
      'from succeeded (2) to created (3)',
    ],
    ['a webhook that never came', came(paid), 'evt_1 (pay_1 created) never came'],
    ['webhooks that end earlier', came(created), 'the webhooks end with created'],
    ['a wrong signature', { webhooksForged: 2 }, '2 webhooks had a wrong signature'],
  ];

  it.each(cases)('name %s', (_, change, difference) => {
    expect(differencesIn({ ...AGREE, ...change }).join('\n')).toContain(difference);
  });
});
