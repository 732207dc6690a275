import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  invoiceStatusMeaning,
  KASPI_RETURN_STATUS_MEANINGS,
  KASPI_RETURN_STATUSES,
  KASPI_STATUS_MEANINGS,
  KASPI_STATUSES,
  returnStatusMeaning,
  statusMeaning,
} from './statuses.ts';
import type { KaspiStatusMeaning } from './statuses.ts';

// Written from the bank's document and the list of observed values, not from the table under test.
const EXPECTED: readonly (readonly [string, KaspiStatusMeaning])[] = [
  ['QrTokenCreated', 'waiting_scan'],
  ['Wait', 'waiting_confirmation'],
  ['Processed', 'paid'],
  ['Error', 'not_paid'],
  ['RemotePaymentCanceled', 'not_paid'],
  ['RemotePaymentCreated', 'pending'],
  ['RemotePaymentRejected', 'not_paid'],
  ['Expired', 'not_paid'],
  ['QrTokenDiscarded', 'expired'],
  ['QrTokenScanned', 'pending'],
  ['PaymentConfirmation', 'pending'],
  ...[
    'CancelledByUser NotConfirmedByUser CancelledByExternalSource ProcessingFailed Rejected InsufficientFunds',
    'InsufficientFundsError IrisSrcBlockCode1 IrisSrcBlockCode3 IrisSrcBlockCode9',
    'IrisDestBlockCode3 IrisDestBlockCode5 IrisDestBlockCode7 IrisDestBlockCode10',
  ]
    .join(' ')
    .split(' ')
    .map((word) => [word, 'not_paid'] as const),
];

describe('status words of the bank', () => {
  it.each(EXPECTED)('%s means %s', (word, meaning) => {
    expect(statusMeaning(word)).toBe(meaning);
  });

  it('the table holds these words and no other', () => {
    expect([...KASPI_STATUSES.keys()].sort()).toEqual(EXPECTED.map(([word]) => word).sort());
  });

  it('only Processed is ever paid without configuration', () => {
    expect([...KASPI_STATUSES].filter(([, meaning]) => meaning === 'paid').map(([word]) => word)).toEqual([
      'Processed',
    ]);
  });

  it.each([
    '',
    'PaymentInLimbo',
    'processed',
    'PROCESSED',
    ' Processed',
    'Refunded',
    'Returned',
    'NotCreated',
    'Creating',
  ])('an unlisted word is pending, never paid and never failed: %j', (word) => {
    expect(statusMeaning(word)).toBe('pending');
  });

  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
    'a name of the language is no status: %s',
    (word) => {
      expect(statusMeaning(word, {})).toBe('pending');
    },
  );

  it('any unlisted text is pending', () => {
    fc.assert(
      fc.property(fc.string(), (word) => {
        fc.pre(!KASPI_STATUSES.has(word));
        expect(statusMeaning(word)).toBe('pending');
      }),
    );
  });

  it('configuration gives a word that the bank has added one of the existing meanings', () => {
    for (const meaning of KASPI_STATUS_MEANINGS)
      expect(statusMeaning('Completed', { Completed: meaning })).toBe(meaning);
    expect(statusMeaning('Completed', { Other: 'paid' })).toBe('pending');
  });

  it('configuration corrects a word that the document does not describe', () => {
    expect(statusMeaning('Expired', { Expired: 'expired' })).toBe('expired');
  });

  it.each(['QrTokenCreated', 'Wait', 'Processed', 'Error', 'RemotePaymentCanceled'])(
    'configuration cannot change the official word %s',
    (word) => {
      const meanings = KASPI_STATUS_MEANINGS.map((meaning) => statusMeaning(word, { [word]: meaning }));
      expect(new Set(meanings)).toEqual(new Set([KASPI_STATUSES.get(word)]));
    },
  );
});

describe('status words of a refund code', () => {
  it.each([
    ['QrTokenCreated', 'waiting_scan'],
    ['CustomerIdentityObtained', 'identified'],
    ['Error', 'ended'],
    ['QrTokenDiscarded', 'ended'],
  ])('%s means %s', (word, meaning) => {
    expect(returnStatusMeaning(word)).toBe(meaning);
  });

  it('any other word is pending, those of purchases included', () => {
    for (const word of ['', 'Processed', 'Wait', 'customerIdentityObtained', 'constructor', '__proto__']) {
      expect(returnStatusMeaning(word)).toBe('pending');
    }
    fc.assert(
      fc.property(fc.string(), (word) => {
        fc.pre(!KASPI_RETURN_STATUSES.has(word));
        expect(returnStatusMeaning(word)).toBe('pending');
      }),
    );
  });
});

describe('status words of a refund code that configuration explains', () => {
  it('have one of the existing meanings', () => {
    for (const meaning of KASPI_RETURN_STATUS_MEANINGS)
      expect(returnStatusMeaning('CustomerKnown', { CustomerKnown: meaning })).toBe(meaning);
    expect(returnStatusMeaning('QrTokenDiscarded', { QrTokenDiscarded: 'pending' })).toBe('pending');
  });

  it.each(['QrTokenCreated', 'CustomerIdentityObtained', 'Error'])('never change the official %s', (word) => {
    const meanings = KASPI_RETURN_STATUS_MEANINGS.map((meaning) => returnStatusMeaning(word, { [word]: meaning }));
    expect(new Set(meanings)).toEqual(new Set([KASPI_RETURN_STATUSES.get(word)]));
  });
});

describe('status words of an invoice', () => {
  const OWN: Readonly<Record<string, string>> = {
    RemotePaymentCreated: 'waiting_payer',
    QrTokenCreated: 'waiting_payer',
    RemotePaymentCanceled: 'canceled',
    Expired: 'expired',
  };

  it.each(EXPECTED)('%s', (word, meaning) => {
    expect(invoiceStatusMeaning(word)).toBe(OWN[word] ?? meaning);
  });

  it('any unlisted word is pending, and configuration may give it a meaning', () => {
    expect(invoiceStatusMeaning('PaymentInLimbo')).toBe('pending');
    expect(invoiceStatusMeaning('PaymentInLimbo', { PaymentInLimbo: 'expired' })).toBe('expired');
  });

  it('configuration corrects what is only seen and never what is official', () => {
    expect(invoiceStatusMeaning('RemotePaymentCreated', { RemotePaymentCreated: 'not_paid' })).toBe('not_paid');
    expect(invoiceStatusMeaning('Expired', { Expired: 'pending' })).toBe('pending');
    expect(invoiceStatusMeaning('RemotePaymentCanceled', { RemotePaymentCanceled: 'paid' })).toBe('canceled');
    expect(invoiceStatusMeaning('Error', { Error: 'paid' })).toBe('not_paid');
  });
});
