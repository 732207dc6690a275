import { displayMoney } from '@tolem/domain';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { type Demo, type DemoStage, tellLedger } from './demo-stage.ts';
import { ownCertificate } from './own-certificate.ts';
import { findShop, openShop, type OpenShop } from './own-shop.ts';
import { paidSale, showQr } from './shown-payment.ts';
import {
  choosePurchase,
  followRefund,
  requireReturned,
  type ShownRefund,
  startRefund,
  tellRefund,
  type WantedRefund,
} from './shown-refund.ts';

const SHOP = { taxId: '260360000061', name: 'Demo shop with its own certificate', desk: 'r2-desk-01' };
const AMOUNT_MINOR = 149_000;
const PART_MINOR = 49_000;
const BUYER = 'buyer-r2';
const DAYS = 365;

export const kaspiRefundR2: Demo = {
  summary: 'refunds with the buyer (scheme 2): he scans a refund QR, and the purchase is found by itself or chosen',
  takesAmount: false,

  async play(stage) {
    const { story } = stage;
    story.line(`Refunds of a Kaspi QR payment at ${SHOP.desk}, with the buyer`);
    const { place } = await shopOf(stage);
    const sale = await paidSale(stage, { place, amountMinor: AMOUNT_MINOR }, BUYER);

    story.line('A part goes back: the till knows the payment');
    const part = await shown(stage, { payment: sale.id, amount: PART_MINOR });
    requireReturned(await followRefund(stage, part));
    story.aside('the purchase was found by itself among the buyer’s purchases');

    story.line('The rest goes back: the buyer has no receipt');
    const rest = await shown(stage, { desk: place.desk });
    const offered = await followRefund(stage, rest, ({ next_action: next }) => next?.type === 'choose_purchase');
    const purchase = offered.next_action?.purchases?.find(({ ref }) => ref === sale.provider?.id);
    if (purchase === undefined) throw new PlainFailure(`The purchase is not among those that ${rest.id} offers.`);
    story.tell(
      `the cashier chooses purchase ${purchase.ref} of ${displayMoney({ amountMinor: purchase.amount, currency: 'KZT' })}`,
    );
    const chosen = await choosePurchase(stage, rest.id, purchase.ref);
    if (chosen.status !== offered.status) tellRefund(stage, chosen);
    requireReturned(await followRefund(stage, chosen));
    story.end('returned whole');
    await tellLedger(stage, [sale.id, part.id, rest.id]);
    return true;
  },
};

/** As an earlier run left it; else with a certificate of its own. */
async function shopOf(stage: DemoStage): Promise<OpenShop> {
  const found = await findShop(stage, SHOP);
  if (found !== undefined) return found;
  const { certificate } = await ownCertificate(stage, { taxId: SHOP.taxId, days: DAYS });
  return openShop(stage, SHOP, certificate.id);
}

/** The refund QR on the till, and the buyer scans it. */
async function shown(stage: DemoStage, wanted: WantedRefund): Promise<ShownRefund> {
  const { bank, story } = stage;
  const refund = await startRefund(stage, wanted);
  tellRefund(stage, refund);
  const qr = refund.next_action?.qr;
  if (qr === undefined) throw new PlainFailure(`The refund ${refund.id} is ${refund.status} and shows no QR.`);
  await showQr(stage, qr);
  const code = (await bank.ledgerOf([refund.id])).find(({ kind }) => kind === 'refund_code');
  if (code === undefined) throw new PlainFailure(`The bank knows no refund code of ${refund.id}.`);
  await bank.scanRefundCode(code.id, BUYER);
  story.tell('the buyer scans the refund QR');
  return refund;
}
