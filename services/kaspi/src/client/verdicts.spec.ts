import { describe, expect, it } from '@jest/globals';
import { lost, LOST_REASONS, notSent, notSentReasons, ok, refused } from '../../test/bank-answers.ts';
import { codeOf, KASPI_CODES } from '../answers/codes.ts';
import { invoiceVerdict, returnVerdict } from './verdicts.ts';

// Written from the rules about lost answers and the lists of the two methods, not from the sets under test.
const NO_RETURN = '-1501 -1502 -1601 -99000001 -99000002 -99000003 -99000005 -99000011 -99000020 990000018'.split(' ');
const NO_INVOICE = '-10000 -1501 -1502 -1503 -14000002 -99000002 990000018 990000026 990000028 990000033'.split(' ');
const STRANGE = ['-77777', '1', '-99000018', '99000033', '9223372036854775807'];
const REFUSALS = [
  ...KASPI_CODES.filter(({ class: kind }) => kind !== 'success').map((row) => row.statusCode),
  ...STRANGE,
];

describe.each([
  ['payment/return', returnVerdict, NO_RETURN],
  ['remote/create', invoiceVerdict, NO_INVOICE],
] as const)('what an answer to %s proves', (_method, verdict, proofs) => {
  it('success is performed', () => {
    expect(verdict(ok({}))).toBe('performed');
  });

  it.each(REFUSALS)('StatusCode %s', (code) => {
    expect(verdict(refused(code))).toBe(proofs.includes(code) ? 'not_performed' : 'in_doubt');
  });

  it.each(['-999', '-99000006', '-1401', '-1404', '99000010', '990000029', '990000031', '990000032', ...STRANGE])(
    'StatusCode %s proves nothing',
    (code) => {
      expect(verdict(refused(code))).toBe('in_doubt');
    },
  );

  it.each([
    ['request', 'not_performed'],
    ['setup', 'not_performed'],
    ['temporary', 'in_doubt'],
  ] as const)('a code that nobody lists and configuration calls %s: %s', (kind, expected) => {
    const code = codeOf('-77777', { '-77777': kind });
    expect(verdict({ is: 'refused', code, message: null })).toBe(expected);
    expect(verdict({ ...lost('http_status'), httpStatus: 500, code })).toBe('in_doubt');
  });

  it.each(REFUSALS.filter((one) => codeOf(one).class !== 'unlisted' && !proofs.includes(one)))(
    'StatusCode %s stays doubt whatever configuration says',
    (one) => {
      expect(verdict({ is: 'refused', code: codeOf(one, { [one]: 'request' }), message: null })).toBe('in_doubt');
    },
  );

  it.each(LOST_REASONS)('an answer lost by %s is doubt', (reason) => {
    expect(verdict(lost(reason))).toBe('in_doubt');
  });

  it.each(proofs)('StatusCode %s under a bad HTTP status is a hint and no proof', (code) => {
    expect(verdict({ ...lost('http_status'), httpStatus: 500, code: codeOf(code) })).toBe('in_doubt');
  });

  it.each(notSentReasons('way', 'set_up', 'certificate'))('what was never sent by %s was not performed', (reason) => {
    expect(verdict(notSent(reason))).toBe('not_performed');
  });
});

it('other spellings of a code prove the same', () => {
  for (const code of ['-990000001', '-990000002', '-990000003', '-990000005', '-990000011', '-990000020', '- 1601']) {
    expect(returnVerdict(refused(code))).toBe('not_performed');
  }
  expect(returnVerdict(refused('-990000006'))).toBe('in_doubt');
  expect(invoiceVerdict(refused('9900000018'))).toBe('not_performed');
  expect(invoiceVerdict(refused('9900000032'))).toBe('in_doubt');
});
