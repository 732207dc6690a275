import type { Demo } from './demo-stage.ts';
import { ownCertificate, replaceCertificate } from './own-certificate.ts';
import { openShop } from './own-shop.ts';
import { openTills } from './steady-tills.ts';

const SHOP = { taxId: '260360000071', name: 'Demo shop that replaces its certificate', desk: 'certificate-desk-01' };
const TILLS = 4;
const ENDING_DAYS = 6;
const DAYS = 365;
const BUYERS = { scan_ms: 200, confirm_ms: 400, return_scan_ms: null, invoice_pay_ms: null };

export const kaspiCertificate: Demo = {
  summary:
    'a certificate of one’s own (scheme 2): requested, signed by the bank, connected, then replaced while payments run',
  takesAmount: false,

  async play(stage) {
    const { bank, story } = stage;
    story.line('A certificate of one’s own that ends soon');
    const first = await ownCertificate(stage, { taxId: SHOP.taxId, days: ENDING_DAYS });
    const { place } = await openShop(stage, SHOP, first.certificate.id);

    return bank.withAutopilot(BUYERS, async () => {
      story.line(`Its replacement, while ${TILLS} tills take payments`);
      const tills = await openTills(stage, place, TILLS);
      try {
        await tills.nextRound();
        story.tell(`each of the ${TILLS} tills has been paid`);
        const second = await ownCertificate(stage, { taxId: SHOP.taxId, days: DAYS });
        const replaced = await replaceCertificate(stage, first.certificate.id, second.certificate.id);
        story.tell(`the bank has answered under the new pair: version ${replaced.active_version ?? 0} is in use`);
        await tills.nextRound();
        await bank.revoke(first.issued.serial);
        story.tell('the bank revokes the old one');
        await tills.nextRound();
      } finally {
        await tills.close();
      }
      const { paid, failures } = tills;
      story.tell(`${paid.length} payments were paid meanwhile, ${failures.length} failed`);
      for (const failure of failures) story.aside(failure);
      story.end(failures.length === 0 ? 'replaced without a failed request' : 'something failed');
      const booked = (await bank.ledgerOf(paid)).filter(({ status }) => status === 'Processed');
      story.line(`The bank's books: ${booked.length} of these ${paid.length} payments are Processed`);
      return failures.length === 0 && paid.length > 0 && booked.length === paid.length;
    });
  },
};
