import { describe, expect, it } from '@jest/globals';
import { CODES, lost, LOST_REASONS, notSent, notSentReasons, ok, refused } from '../../test/bank-answers.ts';
import { verifyOutcome } from './verify-kaspi.ts';

/** Where our own way out is to blame and not the bank. */
const OUR_WAY_OUT: Readonly<Record<string, string>> = {
  proxy_unavailable: 'egress_proxy_unavailable',
  source_address_unavailable: 'egress_source_address_unavailable',
};

describe('whether the bank serves a connection', () => {
  it('a list of trade points means yes, and the list goes along', () => {
    expect(verifyOutcome(ok([{ tradePointId: '41', tradePointName: 'Магазин (Абая, 10)' }]))).toEqual({
      is: 'up',
      tradePoints: [{ ref: '41', name: 'Магазин (Абая, 10)' }],
    });
  });

  it('an empty list is an answer too', () => {
    expect(verifyOutcome(ok([]))).toEqual({ is: 'up', tradePoints: [] });
  });

  it.each([...CODES.device, ...CODES.setUp, ...CODES.request, ...CODES.unlisted])(
    '%s is a refusal that a person must mend, with the bank’s words',
    (code) => {
      expect(verifyOutcome(refused(code, 'нет'))).toMatchObject({
        is: 'refused',
        failure: { provider_code: code, provider_message: 'нет' },
      });
    },
  );

  it.each(CODES.temporary)('%s means that the bank is away', (code) => {
    expect(verifyOutcome(refused(code))).toMatchObject({ is: 'down', failure: { provider_code: code } });
  });

  it.each(LOST_REASONS.filter((reason) => reason !== 'tls_alert'))(
    'no answer by %s means that the bank is away',
    (reason) => {
      expect(verifyOutcome(lost(reason))).toMatchObject({ is: 'down', failure: { code: 'provider_unavailable' } });
    },
  );

  it.each(notSentReasons('certificate'))('a handshake that ends with %s is a refusal of the certificate', (reason) => {
    expect(verifyOutcome(notSent(reason))).toMatchObject({
      is: 'refused',
      failure: { code: 'certificate_refused', cashier_key: 'desk_setup' },
    });
  });

  it('a handshake that is cut without a word means that the bank is away, and a refusal only when it lasts', () => {
    expect(verifyOutcome(notSent('tls_aborted'))).toMatchObject({
      is: 'down',
      failure: { code: 'provider_unavailable', cashier_key: 'provider_unavailable' },
      lasting: { code: 'certificate_refused', cashier_key: 'desk_setup' },
    });
  });

  it('a TLS alert that arrives after the question is a refusal of the certificate: TLS 1.3 may tell it that late', () => {
    expect(verifyOutcome(lost('tls_alert'))).toMatchObject({
      is: 'refused',
      failure: { code: 'certificate_refused', cashier_key: 'desk_setup' },
    });
  });

  it.each(notSentReasons('set_up'))('%s is a refusal: our own settings are wrong', (reason) => {
    expect(verifyOutcome(notSent(reason))).toMatchObject({
      is: 'refused',
      failure: { code: 'connection_misconfigured' },
    });
  });

  it.each(notSentReasons('way'))('not sent by %s means that the bank cannot be asked now', (reason) => {
    const code = OUR_WAY_OUT[reason] ?? 'provider_unavailable';
    expect(verifyOutcome(notSent(reason))).toMatchObject({ is: 'down', failure: { code } });
  });
});
