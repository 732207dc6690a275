import type { Sandbox } from '@tolem/sandbox';
import { type MoneyWay, waitFor } from '@tolem/testing';
import type { Chain } from './chain.ts';

const PATIENCE_MS = 90_000;
const ENDS = ['succeeded', 'failed', 'canceled', 'declined', 'expired'];

/** As much of a payment or of a refund as this till looks at. */
interface View {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly created_at: string;
  readonly failure: { readonly code: string } | null;
  readonly provider: { readonly id: string | null };
  readonly next_action: { readonly type: string } | null;
}

/**
 * A till at which money goes back or an invoice is sent, with its buyer at the bank. It repeats its request under the same
 * key until somebody answers, and asks until there is an end, whatever happens meanwhile.
 */
export class MoneyTill {
  readonly key: string;
  readonly refundMinor: number;
  readonly isRefund: boolean;
  /** The bank's id of the purchase that is refunded. */
  purchase = '';
  ended: View | undefined;
  #payment = '';

  constructor(
    readonly chain: Chain,
    private readonly bank: Sandbox,
    readonly way: MoneyWay,
    private readonly no: number,
  ) {
    this.key = `${way}-${no}`;
    this.refundMinor = 10_000 + no * 100;
    this.isRefund = way.startsWith('refund');
  }

  /** The sale that is refunded later; nothing for an invoice. Over when the bank's books were compared, too. */
  async sell(): Promise<void> {
    if (!this.isRefund) return;
    const { id } = await this.created(this.chain.pay(900_000, `${this.key}-sale`, 0, `desk-${this.key}`));
    this.#payment = id;
    const shown = await this.until('a QR', `/v1/payments/${id}`, ({ status }) => status === 'requires_customer');
    this.purchase = shown.provider.id ?? '';
    await this.hand(`/kaspi/payments/${this.purchase}/scan`, { buyer: this.buyer });
    await this.hand(`/kaspi/payments/${this.purchase}/confirm`, {});
    await this.until('the money', `/v1/payments/${id}`, ({ status }) => status === 'succeeded');
    const compared = (): boolean =>
      this.bank.ledger().some((row) => row.id === this.purchase && row.calls.some(isDetails));
    await waitFor(`the books of ${this.key} to be compared`, compared, PATIENCE_MS);
  }

  /** The refund and the sale that it is of, or the invoice, as they are now. */
  async shown(): Promise<readonly View[]> {
    const paths = this.isRefund
      ? [`/v1/payments/${this.#payment}`, `/v1/refunds/${this.ended?.id}`]
      : [`/v1/payments/${this.ended?.id}`];
    return Promise.all(paths.map((path) => this.chain.get<View>(path)));
  }

  run(): Promise<void> {
    return this.isRefund ? this.refund() : this.invoice();
  }

  private async refund(): Promise<void> {
    const named = this.way === 'refund_chosen' ? {} : { payment: this.#payment, amount: this.refundMinor };
    const body = { ...named, desk: `desk-${this.key}`, trade_point: this.chain.tradePoint };
    const { id } = await this.createdBy('/v1/refunds', 'payment' in body ? named : body);
    this.ended = await this.until('its end', `/v1/refunds/${id}`, async (refund) => {
      if (refund.next_action?.type === 'show_qr') await this.showSelf(id);
      if (refund.next_action?.type === 'choose_purchase') {
        const choice = { purchase: this.purchase, amount: this.refundMinor };
        await this.chain.call('POST', `/v1/refunds/${id}/choose`, choice);
      }
      return ENDS.includes(refund.status);
    });
  }

  /** The buyer scans whatever code the bank has for his refund; one that was made and never shown among them. */
  private async showSelf(refund: string): Promise<void> {
    const codes = this.bank.ledger().filter((row) => row.kind === 'refund_code' && row.external_id === refund);
    for (const { id } of codes) await this.hand(`/kaspi/returns/${id}/scan`, { buyer: this.buyer });
  }

  private async invoice(): Promise<void> {
    const { id } = await this.createdBy('/v1/payments', {
      organization: this.chain.organization,
      desk: `desk-${this.key}`,
      trade_point: this.chain.tradePoint,
      amount: this.refundMinor,
      currency: 'KZT',
      method: { type: 'kaspi_invoice', phone: `7701555${String(this.no).padStart(4, '1')}` },
    });
    const path = `/v1/payments/${id}`;
    const sent = await this.until('the invoice', path, ({ status }) => status !== 'created');
    if (sent.status === 'requires_customer') await this.act(sent);
    this.ended = await this.until('its end', path, async ({ status }) => {
      // Nothing but a person ends this one.
      if (status === 'unknown') return true;
      if (ENDS.includes(status)) return true;
      await this.chain.call('POST', `${path}/refresh`);
      return false;
    });
  }

  private async act({ provider }: View): Promise<void> {
    if (this.way === 'invoice') return this.hand(`/kaspi/invoices/${provider.id}/pay`, {});
    const canceled = async (): Promise<boolean> => (await this.chain.cancel(this.key)).status < 300;
    await waitFor(`a cancel of ${this.key}`, canceled, PATIENCE_MS);
  }

  private get buyer(): string {
    return `buyer-of-${this.no}`;
  }

  private async hand(path: string, body: object): Promise<void> {
    await fetch(`${this.bank.controlUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
  }

  private createdBy(path: string, body: object): Promise<View> {
    return waitFor(
      `an answer to ${this.key}`,
      async () => {
        const answer = await this.chain.call<View>('POST', path, body, { 'idempotency-key': this.key });
        return answer.status < 300 ? answer.body : undefined;
      },
      PATIENCE_MS,
    );
  }

  private async created(answer: Promise<{ status: number; body: { id: string } }>): Promise<{ id: string }> {
    const { status, body } = await answer;
    if (status >= 300) throw new Error(`${this.key}: ${status} ${JSON.stringify(body)}`);
    return body;
  }

  private until(what: string, path: string, is: (view: View) => boolean | Promise<boolean>): Promise<View> {
    return waitFor(
      `${what} of ${this.key}`,
      async () => {
        const { status, body } = await this.chain.call<View>('GET', path);
        return status === 200 && (await is(body)) ? body : undefined;
      },
      PATIENCE_MS,
    );
  }
}

function isDetails({ call }: { readonly call: string }): boolean {
  return call === 'payment/details';
}
