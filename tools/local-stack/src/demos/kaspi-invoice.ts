import { displayMoney } from '@tolem/domain';
import { z } from 'zod';
import { type Demo, tellLedger } from './demo-stage.ts';
import { bankIdOf, followPayment, refreshPayment, startPayment, tellPayment } from './shown-payment.ts';

/** In the range of Kazakhstan's numbers; the sandbox knows a name for every one. */
const PHONE = '+77011234567';

const payerAnswer = z.looseObject({ name: z.string() });

export const kaspiInvoice: Demo = {
  summary: 'an invoice to a phone: the payer is looked up, the invoice sent, paid, and asked about once',
  takesAmount: true,

  async play(stage, amountMinor) {
    const { bank, chain, local, story } = stage;
    const { organization, desk } = local;
    story.line(`Kaspi invoice of ${displayMoney({ amountMinor, currency: 'KZT' })} to ${PHONE} at ${desk}`);
    const payer = await chain.call({
      method: 'POST',
      path: '/v1/payers/lookup',
      body: { desk, phone: PHONE },
      answer: payerAnswer,
    });
    story.tell(`the bank says whose phone it is: ${payer.name}`);
    story.aside('the cashier compares the name with the buyer; it is kept nowhere');

    const method = { type: 'kaspi_invoice', phone: PHONE, comment: 'Demo order' };
    const sent = await startPayment(stage, { place: { organization, desk }, amountMinor, method });
    tellPayment(stage, sent);
    const bankId = bankIdOf(sent);
    story.aside(`the buyer reads "Demo order ${sent.code}" on his phone; he has 24 hours`);

    await bank.payInvoice(bankId);
    story.tell('the buyer pays on his phone; nobody tells us, and a timer must not ask');
    const refreshed = await refreshPayment(stage, sent.id);
    tellPayment(stage, refreshed);
    const paid = await followPayment(stage, refreshed);
    const { questions, by_timer: byTimer } = await bank.questionsAbout(bankId);
    story.aside(`the bank was asked ${questions.length} time(s), ${byTimer ? 'by a timer' : 'not by a timer'}`);
    story.end(paid.status);
    await tellLedger(stage, [bankId]);
    return paid.status === 'succeeded' && !byTimer;
  },
};
