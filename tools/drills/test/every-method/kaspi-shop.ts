import { readFile } from 'node:fs/promises';
import { builtInApiKey } from '@tolem/sandbox';
import { z } from 'zod';
import { BankOffice } from './bank-office.ts';
import type { OpenHouse } from './open-house.ts';
import { PublicApi } from './public-api.ts';
import {
  certificateView,
  connectionView,
  listOf,
  type Payment,
  paymentView,
  type Refund,
  refundView,
} from './views.ts';
import { withId } from './views.ts';

export const SCHEMES = ['r1', 'r2', 'r3'] as const;
export type Scheme = (typeof SCHEMES)[number];

const MAX_AMOUNT_MINOR = 200_000_000;
const ENDS = ['succeeded', 'declined', 'expired', 'canceled', 'failed'];
const SUBJECT = {
  ...{ region: 'Almaty', town: 'Almaty', organization: 'Small Shops LLP', common_name: 'pay.shops.example' },
  email: 'it@shops.example',
};
const tenantView = z.looseObject({ id: z.string(), api_key: z.looseObject({ secret: z.string() }) });
const onboardedView = z.looseObject({ id: z.string(), connection: withId });

/** An organization that a chain has connected with the bank under one scheme, with what its tills and its back office do. */
export class KaspiShop {
  #sums = 0;

  private constructor(
    readonly scheme: Scheme,
    readonly taxId: string,
    readonly api: PublicApi,
    readonly bank: BankOffice,
    /** Where its certificate is managed: the operator's key under scheme 3; null where there is no certificate. */
    readonly certificate: { readonly api: PublicApi; readonly id: string } | null,
    readonly organization: string,
    readonly connection: string,
    readonly tradePoints: readonly string[],
  ) {}

  /** A tenant of its own, and everything up to a first desk that takes payments, over the API alone. */
  static async open(house: OpenHouse, scheme: Scheme, taxId: string): Promise<KaspiShop> {
    const bank = new BankOffice(house.bankControl);
    const operator = new PublicApi(house.gateways, house.operatorKey);
    const tenant = await operator.ask(tenantView, 'POST', '/v1/tenants', { name: `Chain ${scheme} ${taxId}` });
    await operator.ask(z.unknown(), 'PATCH', `/v1/tenants/${tenant.id}`, { late_policy: 'refund' });
    const api = new PublicApi(house.gateways, tenant.api_key.secret);
    const certificate =
      scheme === 'r1'
        ? null
        : scheme === 'r2'
          ? await ownCertificate(api, bank, taxId)
          : await sharedCertificate(operator, house, { tenant: tenant.id, taxId });
    const credential =
      certificate === null
        ? { api_key: builtInApiKey(taxId), ca: await readFile(house.tls.ca, 'utf8') }
        : { certificate: certificate.id };
    const made = await api.ask(onboardedView, 'POST', '/v1/organizations', {
      ...{ country: 'KZ', tax_id: taxId, name: 'Small Shops LLP', max_amount: MAX_AMOUNT_MINOR },
      connection: { provider: 'kaspi', scheme, ...credential },
      desk: { id: 'first' },
    });
    const path = `/v1/connections/${made.connection.id}`;
    await api.until('the first desk', connectionView, path, ({ onboarding }) => onboarding?.status === 'ready');
    const points = await api.ask(listOf(withId), 'GET', `/v1/organizations/${made.id}/trade_points`);
    const tradePoints = points.data.map(({ id }) => id);
    return new KaspiShop(scheme, taxId, api, bank, certificate, made.id, made.connection.id, tradePoints);
  }

  /** A sum that no other sale of this shop has; minor units. */
  sum(): number {
    this.#sums += 1;
    return 100_000 + this.#sums * 100;
  }

  get tradePoint(): string {
    return this.tradePoints[0] ?? '';
  }

  /** A new payment at a new desk; the till that waits is answered with something to show. */
  async pay(desk: string, method: object = { type: 'kaspi_qr' }, amount = this.sum()): Promise<Payment> {
    const { organization, tradePoint } = this;
    const body = { organization, desk, trade_point: tradePoint, amount, currency: 'KZT', method };
    const { id } = await this.api.ask(paymentView, 'POST', '/v1/payments?wait=20', body);
    return this.payment(id, 'something to show', ({ status }) => status === 'requires_customer');
  }

  payment(id: string, what: string, is: (payment: Payment) => boolean): Promise<Payment> {
    return this.api.until(what, paymentView, `/v1/payments/${id}?wait=1`, is);
  }

  ended(id: string): Promise<Payment> {
    return this.payment(id, 'an end', ({ status }) => ENDS.includes(status));
  }

  /** The buyer's step, by the bank's own emulator. */
  async emulate(id: string, step: 'scan' | 'confirm' | 'scan_error' | 'confirm_error'): Promise<void> {
    await this.api.ask(paymentView, 'POST', `/v1/test/payments/${id}/${step}`, {});
  }

  /** A sale that is paid by a buyer who can be told from others. */
  async sold(desk: string, buyer: string): Promise<{ payment: Payment; purchase: string }> {
    const { id, provider } = await this.pay(desk);
    const purchase = provider.id ?? '';
    await this.bank.scanAndConfirm(purchase, buyer);
    return { payment: await this.ended(id), purchase };
  }

  /** A sale that was made before this shop came here takes its place among the others. */
  importSale(purchase: string, amount: number): Promise<Payment> {
    const { organization, tradePoint } = this;
    return this.api.ask(paymentView, 'POST', '/v1/payments/import', {
      ...{ organization, desk: 'back-office', trade_point: tradePoint, provider_ref: purchase, amount },
      ...{ currency: 'KZT', method: { type: 'kaspi_qr' }, paid_at: new Date(Date.now() - 60_000).toISOString() },
    });
  }

  startRefund(body: object): Promise<Refund> {
    return this.api.ask(refundView, 'POST', '/v1/refunds?wait=20', body);
  }

  refund(id: string, what: string, is: (refund: Refund) => boolean): Promise<Refund> {
    return this.api.until(what, refundView, `/v1/refunds/${id}?wait=1`, is);
  }

  refundEnded(id: string): Promise<Refund> {
    return this.refund(id, 'an end', ({ status }) => ENDS.includes(status));
  }

  /** The bank's id of the code that a refund shows to the buyer. */
  async refundCode(id: string): Promise<string> {
    await this.refund(id, 'a code to show', ({ next_action: next }) => next?.type === 'show_qr');
    const codes = (await this.bank.ledger()).filter((row) => row.kind === 'refund_code' && row.external_id === id);
    return codes.at(-1)?.id ?? '';
  }

  /** What the bank gave back of a purchase, oldest first. */
  async returned(purchase: string): Promise<number[]> {
    const rows = await this.bank.ledger();
    return rows.filter((row) => row.kind === 'refund' && row.payment_id === purchase).map(({ amount }) => amount);
  }
}

/** The key is born here, the bank's mail desk signs, and its chain is brought back. */
async function ownCertificate(
  api: PublicApi,
  bank: BankOffice,
  taxId: string,
): Promise<{ api: PublicApi; id: string }> {
  const body = { provider: 'kaspi', scheme: 'r2', name: 'Own', subject: SUBJECT };
  const { id } = await api.ask(certificateView, 'POST', '/v1/certificates/requests?wait=10', body);
  const path = `/v1/certificates/${id}`;
  const { csr } = await api.until('a request to sign', certificateView, path, (one) => one.csr !== null);
  const { certificate, root, intermediate } = await bank.issue({ csr: csr ?? '', tax_id: taxId });
  await api.ask(certificateView, 'PUT', `${path}/chain`, { certificate, ca: `${root}\n${intermediate}` });
  await api.until('its chain', certificateView, path, ({ status }) => status === 'active');
  return { api, id };
}

async function sharedCertificate(
  operator: PublicApi,
  { tls }: OpenHouse,
  of: { tenant: string; taxId: string },
): Promise<{ api: PublicApi; id: string }> {
  const [certificate, privateKey, ca] = await Promise.all(
    [tls.cert, tls.key, tls.ca].map((at) => readFile(at, 'utf8')),
  );
  const pair = { certificate, private_key: privateKey, ca };
  const body = { provider: 'kaspi', scheme: 'r3', name: 'Shared', ...pair };
  const { id } = await operator.ask(certificateView, 'POST', '/v1/certificates', body);
  await operator.ask(z.unknown(), 'PUT', `/v1/certificates/${id}/grants/${of.tenant}`, { tax_ids: [of.taxId] });
  return { api: operator, id };
}
