import { displayMoney } from '@tolem/domain';
import { ApiRefusal } from '../onboarding/api.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { type Demo, type DemoStage, tellLedger } from './demo-stage.ts';
import { paidSale, readPayment } from './shown-payment.ts';
import { followRefund, requireReturned, startRefund, tellRefund, type WantedRefund } from './shown-refund.ts';

const AMOUNT_MINOR = 149_000;
const PART_MINOR = 49_000;
const BUYER = 'buyer-r3';

export const kaspiRefundR3: Demo = {
  summary: 'refunds without the buyer (scheme 3): a part, the rest, and a third one that is refused',
  takesAmount: false,

  async play(stage) {
    const { local, story } = stage;
    const place = { organization: local.organization, desk: local.desk };
    story.line(`Refunds of a Kaspi QR payment at ${local.desk}, without the buyer`);
    const sale = await paidSale(stage, { place, amountMinor: AMOUNT_MINOR }, BUYER);
    const { id: payment } = sale;
    const part = await returned(stage, { payment, amount: PART_MINOR, reason: 'One of the goods came back' });
    await tellRefundable(stage, payment);
    const rest = await returned(stage, { payment, reason: 'So did the others' });
    await tellRefundable(stage, payment);
    await refused(stage, { payment, amount: PART_MINOR });
    story.end('returned whole, once');
    await tellLedger(stage, [payment, part, rest]);
    return true;
  },
};

async function returned(stage: DemoStage, wanted: WantedRefund): Promise<string> {
  const started = await startRefund(stage, wanted);
  tellRefund(stage, started);
  return requireReturned(await followRefund(stage, started)).id;
}

async function tellRefundable(stage: DemoStage, id: string): Promise<void> {
  const { amount_refunded: refunded, amount_refundable: refundable } = await readPayment(stage, id);
  const tenge = (amountMinor: number): string => displayMoney({ amountMinor, currency: 'KZT' });
  stage.story.aside(`of the payment ${tenge(refunded)} went back, ${tenge(refundable)} can still go back`);
}

async function refused(stage: DemoStage, wanted: WantedRefund): Promise<void> {
  const { story } = stage;
  try {
    const refund = await startRefund(stage, wanted);
    throw new PlainFailure(`The refund ${refund.id} was taken though nothing is left to return.`);
  } catch (error) {
    if (!(error instanceof ApiRefusal)) throw error;
    story.tell(`a third refund is refused: ${error.code}`);
    if (error.cashierMessage !== undefined) story.aside(`till: "${error.cashierMessage}"`);
  }
}
