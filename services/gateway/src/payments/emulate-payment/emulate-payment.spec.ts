import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Envelope, type QuestionAnswer, questionAsk } from '@tolem/contracts';
import { MemoryAnswers } from '@tolem/coordination';
import { idFromUuid } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import type { KeyAuth } from '../../http/auth.ts';
import { askProvider, tellAnswer } from '../../questions/test/asking.ts';
import { METHOD, PaymentHouse, PROVIDER, type Reply, type Shop, uuidOf } from '../test/payment-house.ts';
import { EMULATED_STEPS, type EmulatedStep, EmulatePayment } from './emulate-payment.ts';

const FAILURE = { code: 'refused', provider_code: '-999', provider_message: 'нет', cashier_key: 'failed' };

describe('playing the buyer of a test payment', () => {
  const answers = new MemoryAnswers();
  let house: PaymentHouse;
  let shop: Shop;
  let tester: KeyAuth;
  let refs = 0;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop();
    tester = shop.caller;
  });
  afterAll(() => house.close());

  const open = async (phase = 'requires_customer'): Promise<string> => {
    refs += 1;
    const { body } = await house.pay(shop);
    await house.tell({ payment: body.id, seq: 1, phase, more: { provider_ref: `R${refs}` } });
    return body.id;
  };
  const emulate = async (
    payment: string,
    step: EmulatedStep = 'scan',
    caller = tester,
    deadlineMs = 30_000,
  ): Promise<Reply> =>
    (await new EmulatePayment(house.store, askProvider(house, answers, { deadlineMs, maxWaiting: 10 }), house.read).run(
      { caller, id: uuidOf(payment), step, gone: new AbortController().signal, traceparent: undefined },
    )) as Reply;
  const questions = (): Envelope[] => house.commands.filter((one) => one.type === questionAsk.type);
  const answered = async (answer: QuestionAnswer): Promise<Envelope> => {
    const seen = questions().length;
    const question = await waitFor('the question', () => questions()[seen]);
    await tellAnswer(house, answers, question, { tenant: tester.tenantId, answer });
    return question;
  };

  it.each(EMULATED_STEPS)(
    '%s is asked of its provider with the id there, and answered with the payment',
    async (step) => {
      const payment = await open();
      const question = answered({ is: 'answered', answer: {} });
      expect(await emulate(payment, step)).toMatchObject({
        status: 200,
        body: { id: payment, status: 'requires_customer' },
        headers: { 'retry-after': '2' },
      });
      const body = questionAsk.produce.parse((await question).body);
      expect(body).toMatchObject({
        kind: 'emulate',
        connection_id: idFromUuid('con', shop.connectionId),
        device_id: null,
      });
      const plain = await house.sealer.open(Buffer.from(body.sealed, 'base64'), `question.ask:${body.subject_id}`);
      expect(JSON.parse(plain.toString('utf8'))).toEqual({ step, provider_ref: `R${refs}` });
    },
  );

  it('tells the provider’s own words where the step does not fit, and neither changes nor keeps anything', async () => {
    const payment = await open();
    const kept = await house.count('event');
    const question = answered({ is: 'refused', failure: FAILURE });
    await expect(emulate(payment, 'confirm')).rejects.toMatchObject({
      status: 409,
      code: 'step_refused',
      options: { provider: { name: PROVIDER.name, code: '-999', message: 'нет' } },
    });
    await question;
    const { status, version } = (await house.store.read(tester, { id: uuidOf(payment) })) ?? {};
    expect([status, version]).toEqual(['requires_customer', 2]);
    expect(await house.count(`outbox WHERE headers ->> 'ce_type' = 'question.ask'`)).toBe(0);
    expect(await house.count('event')).toBe(kept);
  });

  it('may be repeated where the provider was not reached', async () => {
    const payment = await open();
    const question = answered({ is: 'unreachable', failure: FAILURE });
    await expect(emulate(payment)).rejects.toMatchObject({ status: 503, options: { retryable: true } });
    await question;
  });

  it('says so where the provider has not answered in time', async () => {
    const payment = await open();
    await expect(emulate(payment, 'scan', tester, 20)).rejects.toMatchObject({ status: 504, code: 'provider_timeout' });
  });

  it.each(['succeeded', 'expired'])('is no step of a payment that is %s', async (phase) => {
    const payment = await open(phase);
    const asked = questions().length;
    await expect(emulate(payment)).rejects.toMatchObject({ status: 409, code: 'step_not_available' });
    expect(questions()).toHaveLength(asked);
  });

  it('is no step of a payment that has not reached its provider', async () => {
    const { body } = await house.pay(shop);
    await expect(emulate(body.id)).rejects.toMatchObject({ status: 409, code: 'step_not_available' });
  });

  it('exists in test mode only, and asks nothing with a live key', async () => {
    const payment = await open();
    const asked = questions().length;
    await expect(emulate(payment, 'scan', { ...tester, mode: 'live' })).rejects.toMatchObject({
      status: 403,
      code: 'test_mode_only',
    });
    expect(questions()).toHaveLength(asked);
  });

  it('does not find the payment of another tenant', async () => {
    const payment = await open();
    const other = await house.shop();
    await expect(emulate(payment, 'scan', other.caller)).rejects.toMatchObject({ status: 404 });
  });

  it('does not find the payment of an organization that the key may not see', async () => {
    const payment = await open();
    const limited = { ...tester, organizations: [house.ids.uuid()] };
    await expect(emulate(payment, 'scan', limited)).rejects.toMatchObject({ status: 404 });
  });

  it('is no step of a method whose buyer nobody plays', async () => {
    expect(METHOD.emulated).toBe(true);
    const payment = await open();
    await house.rows(`UPDATE payment SET method = 'cheque' WHERE id = $1`, [uuidOf(payment)]);
    const asked = questions().length;
    await expect(emulate(payment)).rejects.toMatchObject({ status: 409, code: 'step_not_available' });
    expect(questions()).toHaveLength(asked);
  });
});
