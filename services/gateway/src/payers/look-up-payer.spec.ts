import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { answerContext, type Envelope, type QuestionAnswer, questionAsk, PROVIDERS } from '@tolem/contracts';
import { MemoryAnswers } from '@tolem/coordination';
import { idFromUuid } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import type { ApiProblem } from '../http/api-problem.ts';
import { PaymentHouse, type Shop } from '../payments/test/payment-house.ts';
import { askProvider, tellAnswer } from '../questions/test/asking.ts';
import { TenantFunctions } from '../tenant-functions.ts';
import { LookUpPayer } from './look-up-payer.ts';
import type { PayerView } from './payer.schema.ts';

const PHONE = '77011234567';
const LONG_MS = 30_000;
const [asking, silent] = [true, false].map((asks) =>
  PROVIDERS.flatMap(({ schemes }) => schemes).find((one) => (one.questions?.includes('payer') ?? false) === asks),
);

describe('looking up a payer', () => {
  const answers = new MemoryAnswers();
  let house: PaymentHouse;
  let shop: Shop;
  beforeAll(async () => {
    house = await PaymentHouse.open();
    shop = await house.shop({ scheme: asking?.name ?? '' });
    await house.pay(shop);
  });
  afterAll(() => house.close());

  const service = (deadlineMs: number, maxWaiting = 10): LookUpPayer =>
    new LookUpPayer(new TenantFunctions(house.app), askProvider(house, answers, { deadlineMs, maxWaiting }));
  const look = (desk = 'desk-01', of = shop, by = service(LONG_MS), gone = new AbortController().signal) =>
    by.run({ caller: of.caller, body: { desk, phone: PHONE }, gone, traceparent: undefined });
  const questions = (): Envelope[] => house.commands.filter((one) => one.type === questionAsk.type);
  const nextQuestion = (seen: number): Promise<Envelope> =>
    waitFor('the question', () => (questions().length > seen ? questions().at(-1) : undefined));
  const tell = (question: Envelope, answer: QuestionAnswer): Promise<void> =>
    tellAnswer(house, answers, question, { tenant: shop.caller.tenantId, answer });
  const answered = async (answer: QuestionAnswer): Promise<PayerView> => {
    const seen = questions().length;
    const reply = look();
    await tell(await nextQuestion(seen), answer);
    return reply;
  };
  const refused = async (answer: QuestionAnswer): Promise<ApiProblem> =>
    (await answered(answer).catch((error: unknown) => error)) as ApiProblem;
  const failure = (code: string, cashier_key: string) => ({
    code,
    provider_code: '-1404',
    provider_message: null,
    cashier_key,
  });

  it('asks the provider with the phone sealed, and brings the name', async () => {
    const seen = questions().length;
    const reply = look();
    const question = await nextQuestion(seen);
    const body = questionAsk.produce.parse(question.body);
    expect(body).toMatchObject({
      kind: 'payer',
      subject_id: question.subject,
      connection_id: idFromUuid('con', shop.connectionId),
      connection_version: 4,
      trade_point_ref: '1',
      deadline: new Date(house.clock.now() + LONG_MS).toISOString(),
    });
    expect(JSON.stringify(question)).not.toContain(PHONE);
    const plain = await house.sealer.open(Buffer.from(body.sealed, 'base64'), `question.ask:${question.subject}`);
    expect(JSON.parse(plain.toString('utf8'))).toEqual({ phone: PHONE });
    await tell(question, { is: 'answered', answer: { name: 'Aigerim S.' } });
    expect(await reply).toEqual({ object: 'payer', name: 'Aigerim S.' });
  });

  it('writes nothing down: no outbox, no event, no name anywhere', async () => {
    await answered({ is: 'answered', answer: { name: 'Zarina Unique' } });
    expect(await house.count(`outbox WHERE headers ->> 'ce_type' = 'question.ask'`)).toBe(0);
    const tables = await house.rows<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relnamespace = 'gateway'::regnamespace AND relkind = 'r'`,
    );
    for (const { name } of tables) {
      const held = await house.count(`"${name}" t WHERE to_jsonb(t)::text LIKE '%Zarina%'`);
      expect({ name, held }).toEqual({ name, held: 0 });
    }
  });

  it('says when it may be asked again where the limit of the provider is reached', async () => {
    const answer = {
      is: 'refused',
      failure: failure('rate_limited', 'provider_overloaded'),
      retry_after_ms: 12_300,
    } as const;
    expect(await refused(answer)).toMatchObject({
      status: 429,
      code: 'rate_limited',
      options: { retryable: true, retryAfterS: 13, headers: { ratelimit: '"payer";r=0;t=13' } },
    });
  });

  it('answers 404 with what to tell the buyer where the provider knows no such phone', async () => {
    expect(await refused({ is: 'refused', failure: failure('payer_unknown', 'phone_unknown') })).toMatchObject({
      status: 404,
      code: 'payer_not_found',
    });
  });

  it('answers 422 with what an administrator does where the desk is badly set up, and promises nothing of a repeat', async () => {
    const told = { ...failure('device_trouble', 'desk_setup'), admin_text: { ru: 'ru', kk: 'kk', en: 'Do this' } };
    const problem = await refused({ is: 'refused', failure: told });
    expect(problem).toMatchObject({
      status: 422,
      code: 'connection_not_ready',
      options: {
        provider: { code: '-1404' },
        extra: { reason: 'device_trouble' },
        cashierMessage: { en: expect.any(String) },
      },
    });
    expect(problem).toMatchObject({ detail: expect.stringContaining('Do this.') });
    expect(problem).not.toMatchObject({ options: { retryable: true } });
  });

  it.each([
    ['refused', 'provider_unavailable'],
    ['unreachable', 'desk_setup'],
  ] as const)('answers 503 for anything else: %s', async (is, cashierKey) => {
    expect(await refused({ is, failure: failure('device_trouble', cashierKey) })).toMatchObject({
      status: 503,
      code: 'provider_unavailable',
      options: { retryable: true, provider: { code: '-1404' } },
    });
  });

  it('answers 504 at the deadline where nothing came, and hears no late answer', async () => {
    const seen = questions().length;
    await expect(look('desk-01', shop, service(20))).rejects.toMatchObject({ status: 504, code: 'provider_timeout' });
    await tell(await nextQuestion(seen), { is: 'answered', answer: { name: 'Too Late' } });
  });

  it('answers 503 for an answer that is not for this question', async () => {
    const seen = questions().length;
    const reply = look().catch((error: unknown) => error);
    const question = await nextQuestion(seen);
    const sealed = await house.sealer.seal({ tenant: shop.caller.tenantId }, '{}', answerContext('que_other'));
    answers.tell(question.subject, sealed.toString('base64'));
    expect(await reply).toMatchObject({ status: 503, code: 'provider_unavailable' });
  });

  it('refuses one more than may wait, and stops waiting for a client that hung up', async () => {
    const by = service(LONG_MS, 1);
    const client = new AbortController();
    const seen = questions().length;
    const first = look('desk-01', shop, by, client.signal).catch((error: unknown) => error);
    await nextQuestion(seen);
    await expect(look('desk-01', shop, by)).rejects.toMatchObject({ status: 503, code: 'service_overloaded' });
    client.abort();
    expect(await first).toMatchObject({ status: 504 });
  });

  it('is refused for a desk that is not known, of another tenant, and where nobody can be asked', async () => {
    const other = await house.shop({ scheme: silent?.name ?? '' });
    await house.pay(other, house.body(other, { desk: 'of-the-other' }));
    await expect(look('nobody')).rejects.toMatchObject({ status: 404, code: 'not_found' });
    await expect(look('of-the-other')).rejects.toMatchObject({ status: 404 });
    await expect(look('of-the-other', other)).rejects.toMatchObject({ status: 422, code: 'question_not_available' });
    await house.rows(`UPDATE connection SET health = 'down' WHERE id = $1`, [shop.connectionId]);
    await expect(look()).rejects.toMatchObject({ status: 503, code: 'provider_unavailable' });
  });
});
