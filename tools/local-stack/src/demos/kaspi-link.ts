import { displayMoney } from '@tolem/domain';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { type Demo, tellLedger } from './demo-stage.ts';
import { bankIdOf, followPayment, showQr, startPayment, tellPayment } from './shown-payment.ts';

const BUYER = 'buyer-link';

export const kaspiLink: Demo = {
  summary: 'a payment link: the buyer opens it on his phone and confirms',
  takesAmount: true,

  async play(stage, amountMinor) {
    const { bank, local, story } = stage;
    const { organization, desk } = local;
    const sale = { place: { organization, desk }, amountMinor, method: { type: 'kaspi_link' } };
    story.line(`Kaspi payment link of ${displayMoney({ amountMinor, currency: 'KZT' })} at ${desk}`);
    const started = await bank.withBuyersAway(() => startPayment(stage, sale));
    tellPayment(stage, started);
    const bankId = bankIdOf(started);
    const link = started.next_action?.link;
    if (link === undefined) throw new PlainFailure(`The payment ${started.id} has no link.`);
    story.aside(`the link to send: ${link}`);
    await showQr(stage, link);
    story.aside('or the buyer scans it from the screen');

    await bank.scan(bankId, BUYER);
    story.tell('the buyer opens the link');
    await bank.confirm(bankId, BUYER);
    story.tell('the buyer confirms');
    const paid = await followPayment(stage, started);
    story.end(paid.status);
    await tellLedger(stage, [paid.id]);
    return paid.status === 'succeeded';
  },
};
