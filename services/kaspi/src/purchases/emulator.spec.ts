import { describe, expect, it } from '@jest/globals';
import { callUnder, clientHearing } from '../../test/kaspi-call.ts';
import { emulatorQuestion } from './emulator.ts';

const asked = (step: string) => ({ deviceToken: null, args: { step, provider_ref: '17953682205' } });

describe('the buyer’s hands in the bank’s test contour', () => {
  it.each([
    ['scan', 'scan'],
    ['confirm', 'confirm'],
    ['scan_error', 'scanerror'],
    ['confirm_error', 'confirmerror'],
  ])('%s is test/payment/%s, with the id as a text', async (step, path) => {
    const { client, requests } = clientHearing('{"StatusCode":0,"message":"ok"}');
    expect(await emulatorQuestion(client).ask(callUnder('r3'), asked(step))).toEqual({ is: 'answered', answer: {} });
    expect(requests).toMatchObject([{ method: 'POST', path: `/r3/v01/test/payment/${path}` }]);
    expect(JSON.parse(String(requests[0]?.body))).toEqual({ qrPaymentId: '17953682205' });
  });

  it('are never asked for under a live connection', async () => {
    const { client, requests } = clientHearing('{"StatusCode":0}');
    expect(await emulatorQuestion(client).ask(callUnder('r3', 'live'), asked('scan'))).toMatchObject({
      is: 'refused',
      failure: { code: 'test_mode_only' },
    });
    expect(requests).toEqual([]);
  });

  it('have no other step', async () => {
    const { client, requests } = clientHearing('{"StatusCode":0}');
    expect(await emulatorQuestion(client).ask(callUnder('r3'), asked('pay'))).toMatchObject({
      is: 'refused',
      failure: { code: 'step_unknown' },
    });
    expect(requests).toEqual([]);
  });

  it('tell what the bank said of a step that does not fit', async () => {
    const { client } = clientHearing('{"StatusCode":-999,"message":"Сервис временно недоступен"}');
    expect(await emulatorQuestion(client).ask(callUnder('r2'), asked('confirm'))).toMatchObject({
      is: 'refused',
      failure: { provider_code: '-999', provider_message: 'Сервис временно недоступен' },
    });
  });
});
