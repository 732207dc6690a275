import { readFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import type { PlantedChain } from './planted-chain.ts';
import { MORE, OWN, PERSONAL, SECRET, STRAY } from './planted-values.ts';
import type { RecordedAnswer, Recorder } from './watched-house.ts';

/** A key and a certificate in one file, under a pass phrase. */
const PFX = readFileSync(new URL('../../../../libs/egress/test/pfx/aes-chain.pfx', import.meta.url));
/** Nobody listens there: every delivery fails. */
const NOWHERE = 'http://127.0.0.1:9';
const ENDS = ['succeeded', 'failed', 'canceled', 'declined', 'expired', 'unknown'];

/** What a chain sends besides sales: invoices, phones to look up, refunds, webhooks, certificates, files, imports. */
export class PlantedInputs {
  /** Shown once, to whoever made the endpoint. */
  webhookSecret = '';
  /** What the bank answers about a phone: for the cashier's eyes and kept nowhere. */
  payerName = '';
  #keys = 0;

  constructor(
    private readonly api: Recorder,
    private readonly chain: PlantedChain,
    /** The simulated bank's faults. */
    private readonly fault: (body: object) => Promise<void>,
  ) {}

  async plant(): Promise<void> {
    await this.#hooks();
    await this.#invoices();
    await this.#lookUps();
    await this.#moneyBack();
    await this.#certificates();
    await this.#apiKey();
    await this.#bulk();
    await this.#import();
    await this.#attention();
  }

  #must(path: string, body?: unknown, headers: Record<string, string> = {}): Promise<RecordedAnswer> {
    this.#keys += 1;
    const key = { 'idempotency-key': `planted-${this.#keys}` };
    return this.api.must('POST', path, this.chain.keys.good, body, { ...key, ...headers });
  }

  async #refused(path: string, body: unknown, headers: Record<string, string> = {}): Promise<void> {
    this.#keys += 1;
    const key = { 'idempotency-key': `refused-${this.#keys}` };
    const { status, asked } = await this.api.send('POST', path, this.chain.keys.good, body, { ...key, ...headers });
    if (status < 400) throw new Error(`was not refused: ${asked}`);
  }

  async #hooks(): Promise<void> {
    const withPassword = `https://tolem:${SECRET.strayToken}@chain.example/hook`;
    await this.#refused('/v1/webhook_endpoints', { url: withPassword });
    await this.#refused('/v1/webhook_endpoints', { url: `ftp://chain.example/${SECRET.strayToken}` });
    const made = await this.#must('/v1/webhook_endpoints', { url: `${NOWHERE}/hook?token=${MORE.hookToken}` });
    this.chain.shownOnce.add(made);
    this.webhookSecret = String(made.body['secret']);
    await this.#must(`/v1/webhook_endpoints/${String(made.body['id'])}/test`);
  }

  /** One that is paid, one whose phone nobody has, one that the bank answers with rubbish, and three that are refused. */
  async #invoices(): Promise<void> {
    const invoice = (phone: unknown, comment: string) => ({ method: { type: 'kaspi_invoice', phone, comment } });
    const { invoicePhone, strangersPhone, brokenPhone, invoiceComment, refusedComment } = PERSONAL;
    const made = await this.chain.sell(invoice(invoicePhone, invoiceComment), 'invoice', 10);
    expect(made.status).toBe(201);
    await this.chain.sell(invoice(strangersPhone, invoiceComment), 'invoice of nobody', 5);
    await this.fault({ call: 'remote/create', fault: 'status_code:-999' });
    await this.chain.sell(invoice(brokenPhone, invoiceComment), 'invoice with trouble', 5);
    for (const [phone, comment] of [
      [`${invoicePhone}99`, invoiceComment],
      [PERSONAL.refusedPhone, `${refusedComment}\u0000`],
      [[PERSONAL.refusedPhone], refusedComment],
    ] as const) {
      const refused = await this.chain.sell(invoice(phone, comment), `refused ${String(comment).length}`, 0);
      expect(refused.status).toBeGreaterThanOrEqual(400);
    }
  }

  async #lookUps(): Promise<void> {
    const { lookedUpPhone, strangersPhone, refusedPhone } = PERSONAL;
    const found = await this.#must('/v1/payers/lookup', { desk: OWN.desk, phone: lookedUpPhone });
    this.chain.shownOnce.add(found);
    this.payerName = String(found.body['name']);
    await this.#refused('/v1/payers/lookup', { desk: OWN.desk, phone: strangersPhone });
    await this.#refused('/v1/payers/lookup', { desk: STRAY.name, phone: refusedPhone });
    for (const fault of ['garbage', 'html', 'status_code:-999']) {
      await this.fault({ call: 'remote/client-info', fault });
      await this.#refused('/v1/payers/lookup', { desk: OWN.desk, phone: lookedUpPhone });
    }
  }

  async #moneyBack(): Promise<void> {
    const payment = this.chain.paidPayment;
    const words = { reason: MORE.refundReason, reference: MORE.refundReference };
    const made = await this.#must('/v1/refunds', {
      payment,
      amount: 1_000,
      ...words,
      metadata: { why: MORE.refundReason },
    });
    await waitFor('the end of the refund', async () => {
      const now = await this.api.send('GET', `/v1/refunds/${String(made.body['id'])}`, this.chain.keys.good);
      return ENDS.includes(String(now.body['status']));
    });
    await this.#refused('/v1/refunds', { payment, amount: 999_999_999, ...words, phone: STRAY.phone });
    await this.#refused('/v1/refunds', { payment, amount: 999_999_999, ...words });
  }

  async #certificates(): Promise<void> {
    const own = { provider: 'kaspi', scheme: 'r2', name: OWN.shopName, pfx: PFX.toString('base64') };
    await this.#must('/v1/certificates', { ...own, pass_phrase: SECRET.pfxPassPhrase });
    await this.#refused('/v1/certificates', { ...own, pass_phrase: SECRET.wrongPassPhrase });
    const subject = { region: 'Almaty', town: 'Almaty', common_name: '192.0.2.7', email: MORE.email };
    await this.#refused('/v1/certificates/requests', {
      provider: 'kaspi',
      scheme: 'r2',
      subject: { ...subject, phone: STRAY.phone },
    });
  }

  /** A key of the bank's, which it does not know; and one where none belongs. */
  async #apiKey(): Promise<void> {
    const shop = { country: 'KZ', tax_id: '260241000024', name: OWN.shopName };
    const { body } = await this.#must('/v1/organizations', shop);
    const path = `/v1/organizations/${String(body['id'])}/connections`;
    const connection = { provider: 'kaspi', scheme: 'r1', api_key: SECRET.bankApiKey };
    await this.#refused(path, { ...connection, scheme: 'r3' });
    const made = await this.#must(path, connection);
    await waitFor('the connection to fail', async () => {
      const now = await this.api.send('GET', `/v1/connections/${String(made.body['id'])}`, this.chain.keys.good);
      return now.body['status'] === 'failed';
    });
  }

  async #bulk(): Promise<void> {
    const csv = { 'content-type': 'text/csv' };
    const file = (name: string, taxId: string): string => `country,tax_id,name\nKZ,${taxId},${name}\n`;
    await this.#must('/v1/organizations/bulk', file(MORE.bulkName, '260241000034'), csv);
    await this.#refused(
      '/v1/organizations/bulk',
      `country,tax_id,${STRAY.name}\nKZ,${STRAY.phone},"${STRAY.latinName}\n`,
      csv,
    );
  }

  async #import(): Promise<void> {
    const sale = {
      ...this.chain.place,
      provider_ref: '9990001117',
      amount: 77_000,
      currency: 'KZT',
      method: { type: 'kaspi_qr' },
      paid_at: '2026-01-05T10:00:00Z',
      reference: MORE.importReference,
    };
    await this.#must('/v1/payments/import', sale);
    await this.#refused('/v1/payments/import', { ...sale, paid_at: STRAY.phone, buyer: STRAY.name });
  }

  /** What a person says of the invoice in doubt, in words of his own. */
  async #attention(): Promise<void> {
    const open = await waitFor('something that a person must decide', async () => {
      const { body } = await this.api.send('GET', '/v1/attention?status=open&kind=unknown', this.chain.keys.good);
      return (body['data'] as { id: string }[])[0];
    });
    const words = { reason: MORE.attentionReason, evidence: MORE.attentionEvidence };
    await this.#refused(`/v1/attention/${open.id}/resolve`, { outcome: 'perhaps', ...words, phone: STRAY.phone });
    await this.#must(`/v1/attention/${open.id}/resolve`, { outcome: 'failed', ...words });
  }
}
