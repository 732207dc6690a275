import { describe, expect, it } from '@jest/globals';
import type { StartRequest } from '@tolem/provider-kit';
import { BIN, callUnder, clientHearing, TOKEN } from '../../test/kaspi-call.ts';
import { kaspiLink } from './kaspi-link.ts';

const REQUEST: StartRequest = {
  paymentId: 'pay_1',
  amountMinor: 149_050,
  currency: 'KZT',
  reference: null,
  deviceToken: TOKEN,
  personal: null,
};

describe('a purchase by link', () => {
  it('shows the link and takes the bank’s own timers, under the link’s own names', async () => {
    const { client, requests } = clientHearing(
      '{"StatusCode":0,"Data":{"PaymentLink":"https://pay.kaspi.kz/pay/1","PaymentId":9007199254740993,"PaymentMethods":["Red"],' +
        '"PaymentBehaviorOptions":{"StatusPollingInterval":7,"LinkActivationWaitTimeout":170,"PaymentConfirmationTimeout":60}}}',
    );
    expect(await kaspiLink(client, {}).start(callUnder('r3'), REQUEST)).toEqual({
      is: 'started',
      providerRef: '9007199254740993',
      nextAction: { type: 'open_link', link: 'https://pay.kaspi.kz/pay/1' },
      paymentMethods: ['Red'],
      waiting: { intervalMs: 7_000, customerWithinMs: 170_000, confirmWithinMs: 60_000 },
    });
    expect(requests[0]?.path).toBe('/r3/v01/qr/create-link');
    expect(requests[0]?.body).toBe(
      `{"OrganizationBin":"${BIN}","DeviceToken":"${TOKEN}","Amount":1490.5,"ExternalId":"pay_1"}`,
    );
  });

  it('is asked about by its PaymentId, wherever QrPaymentId is meant', async () => {
    const { client, requests } = clientHearing('{"StatusCode":0,"Data":{"Status":"RemotePaymentCreated"}}');
    const outcome = await kaspiLink(client, {}).check(callUnder('r2'), { paymentId: 'pay_1', providerRef: '17' });
    expect(outcome).toEqual({ is: 'pending', phase: 'unchanged' });
    expect(requests[0]?.path).toBe('/r2/v01/payment/status/17');
  });

  it('may be begun again after a lost answer, because nobody was sent its link', () => {
    expect(kaspiLink(clientHearing().client, {})).toMatchObject({ type: 'kaspi_link', effect: 'orphanable' });
  });
});
