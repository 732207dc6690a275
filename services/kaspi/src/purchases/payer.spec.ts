import { describe, expect, it } from '@jest/globals';
import { CODES, lost, notSent, ok, refused } from '../../test/bank-answers.ts';
import { callUnder, clientHearing, TOKEN } from '../../test/kaspi-call.ts';
import { codeOf } from '../answers/codes.ts';
import { PAYER_LIMIT, payerOutcome, payerQuestion } from './payer.ts';

describe('whose phone this is', () => {
  it('is asked with the phone and the desk’s token', async () => {
    const { client, requests } = clientHearing('{"StatusCode":0,"Data":{"ClientName":"Асан Үсенов"}}');
    const request = { deviceToken: TOKEN, args: { phone: '87010000000' } };
    expect(await payerQuestion(client).ask(callUnder('r3'), request)).toEqual({
      is: 'answered',
      answer: { name: 'Асан Үсенов' },
    });
    expect(requests[0]).toMatchObject({
      path: '/r3/v01/remote/client-info',
      query: { PhoneNumber: '87010000000', DeviceToken: TOKEN },
    });
  });

  it('is never asked more than 50 times in any minute', () => {
    expect(PAYER_LIMIT.capacity + 60 * PAYER_LIMIT.refillPerSecond).toBeLessThanOrEqual(50);
  });

  it.each(['-1401', '-1404', '990000029', '990000031', '990000032'])('%s: nobody is found', (code) => {
    expect(payerOutcome(refused(code, 'слова банка'))).toMatchObject({
      is: 'refused',
      failure: { code: 'payer_not_found', cashier_key: 'phone_unknown', provider_message: 'слова банка' },
    });
  });

  it.each(CODES.temporary)('%s: may be asked again', (code) => {
    expect(payerOutcome(refused(code))).toMatchObject({ is: 'unreachable' });
  });

  it('a code that configuration explains says nothing of the phone', () => {
    const told = (kind: 'temporary' | 'setup') =>
      payerOutcome({ ...refused('-1401'), code: codeOf('-1401', { '-1401': kind }) });
    expect(told('setup')).toMatchObject({ is: 'refused', failure: { cashier_key: 'desk_setup' } });
    expect(told('temporary')).toMatchObject({ is: 'unreachable', failure: { cashier_key: 'provider_unavailable' } });
  });

  it('tells what lies at the set-up from what lies on the way', () => {
    expect(payerOutcome(refused('990000018'))).toMatchObject({ is: 'refused', failure: { cashier_key: 'desk_setup' } });
    expect(payerOutcome(refused('-1501'))).toMatchObject({ is: 'device_unknown' });
    expect(payerOutcome(notSent('bad_argument'))).toMatchObject({ is: 'refused' });
    expect(payerOutcome(notSent('connect_timeout'))).toMatchObject({ is: 'unreachable' });
    expect(payerOutcome(lost('timeout'))).toMatchObject({ is: 'unreachable' });
    expect(payerOutcome(ok({ clientName: 'A' }))).toEqual({ is: 'answered', answer: { name: 'A' } });
  });
});
