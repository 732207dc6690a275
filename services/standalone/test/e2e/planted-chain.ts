import { expect } from '@jest/globals';
import type { Sandbox } from '@tolem/sandbox';
import { waitFor } from '@tolem/testing';
import { badRequests, type KeysToPlant } from './bad-requests.ts';
import { BIN } from './chain.ts';
import { certificatesOf, mistyped, OWN, type PlantedCertificate, SECRET } from './planted-values.ts';
import type { Recorder } from './watched-house.ts';

/** Another constructed BIN, whose connection comes with a certificate that the bank does not trust. */
const BIN_OF_FOREIGN = '260241000014';
const FAULTS = ['garbage', 'cut', 'html', 'http_500', 'empty', 'no_message', 'status_code:-999', 'status_code:-1501'];

/** A chain that does everything right and everything wrong, with planted values in all that it sends. */
export class PlantedChain {
  readonly tls: PlantedCertificate;
  /** Answers that show a new key, this once. */
  readonly shownOnce = new Set<unknown>();
  readonly shownQrs: string[] = [];
  keys: KeysToPlant = { good: '', revoked: '', mistyped: '' };
  tenant = '';
  /** Our id of a sale that was paid. */
  paidPayment = '';
  #payment: Record<string, unknown> = {};

  constructor(
    private readonly api: Recorder,
    private readonly bank: Sandbox,
  ) {
    this.tls = certificatesOf(bank.tls);
  }

  /** Tenant, keys (one revoked), an organization that the bank knows, and one whose certificate it refuses. */
  async onboard(): Promise<void> {
    const operator = SECRET.operatorKey;
    const key = (name: string) => ({ 'idempotency-key': name });
    const made = await this.api.must('POST', '/v1/tenants', operator, { name: OWN.shopName }, key('tenant'));
    this.tenant = String(made.body['id']);
    const good = (made.body['api_key'] as { secret: string }).secret;
    const second = await this.api.must(
      'POST',
      `/v1/tenants/${this.tenant}/api_keys`,
      operator,
      { mode: 'test', scopes: ['admin'], name: OWN.buyerName },
      key('second key'),
    );
    this.shownOnce.add(made).add(second);
    await this.api.must('DELETE', `/v1/api_keys/${String(second.body['id'])}`, operator);
    this.keys = { good, revoked: String(second.body['secret']), mistyped: mistyped(good) };
    const organization = await this.#connect(
      BIN,
      OWN.shopName,
      { certificate: this.tls.certificate, private_key: this.tls.encryptedKey, pass_phrase: SECRET.passPhrase },
      'verified',
    );
    const points = await this.api.must('GET', `/v1/organizations/${organization}/trade_points`, good);
    const [point] = points.body['data'] as { id: string }[];
    this.#payment = {
      organization,
      trade_point: point?.id,
      desk: OWN.desk,
      amount: 149_000,
      currency: 'KZT',
      method: { type: 'kaspi_qr' },
    };
    const foreign = { certificate: this.tls.foreignCertificate, private_key: this.tls.foreignKey };
    await this.#connect(BIN_OF_FOREIGN, OWN.buyerName, foreign, 'failed');
  }

  /** An organization with a connection under a certificate of its own, until the bank has said what it thinks of it. */
  async #connect(bin: string, name: string, credential: object, expected: string): Promise<string> {
    const key = { 'idempotency-key': `connect ${bin}` };
    const certificate = await this.api.must(
      'POST',
      '/v1/certificates',
      SECRET.operatorKey,
      { provider: 'kaspi', scheme: 'r3', name: 'shared', ca: this.tls.ca, ...credential },
      key,
    );
    const id = String(certificate.body['id']);
    await this.api.must('PUT', `/v1/certificates/${id}/grants/${this.tenant}`, SECRET.operatorKey, { tax_ids: [bin] });
    const body = { country: 'KZ', tax_id: bin, name, max_amount: 200_000_000 };
    const made = await this.api.must('POST', '/v1/organizations', this.keys.good, body, key);
    const organization = String(made.body['id']);
    const connection = await this.api.must(
      'POST',
      `/v1/organizations/${organization}/connections`,
      this.keys.good,
      { provider: 'kaspi', scheme: 'r3', certificate: id },
      key,
    );
    await waitFor(`the connection of ${bin} to be ${expected}`, async () => {
      const now = await this.api.send('GET', `/v1/connections/${String(connection.body['id'])}`, this.keys.good);
      return now.body['status'] === expected;
    });
    return organization;
  }

  /** Where its sales are made. */
  get place(): object {
    const { organization, trade_point: tradePoint, desk } = this.#payment;
    return { organization, trade_point: tradePoint, desk };
  }

  async sell(more: object, idempotencyKey: string, waitS = 10) {
    const headers = { 'idempotency-key': idempotencyKey };
    const answer = await this.api.send(
      'POST',
      `/v1/payments?wait=${waitS}`,
      this.keys.good,
      { ...this.#payment, ...more },
      headers,
    );
    const qr = (answer.body['next_action'] as { qr?: string } | null | undefined)?.qr;
    if (qr !== undefined) this.shownQrs.push(qr);
    return answer;
  }

  /** A sale as it should be, with all that the chain may say in its own words. */
  async sellWell(): Promise<void> {
    const metadata = { buyer: OWN.buyerName, phone: OWN.buyerPhone };
    const made = await this.sell({ reference: OWN.reference, metadata }, OWN.idempotencyKey);
    expect(made).toMatchObject({ status: 201, body: { status: 'requires_customer', metadata } });
    const id = String(made.body['id']);
    await waitFor('the money', async () => {
      return (await this.api.send('GET', `/v1/payments/${id}?wait=5`, this.keys.good)).body['status'] === 'succeeded';
    });
    this.paidPayment = id;
    await this.api.must('GET', `/v1/payments/by_key/${encodeURIComponent(OWN.idempotencyKey)}`, this.keys.good);
    await this.api.must('GET', `/v1/payments?reference=${encodeURIComponent(OWN.reference)}`, this.keys.good);
    await this.api.must('POST', '/v1/payments/cancel_by_key', this.keys.good, { key: OWN.voidedKey });
  }

  /** Everything that must be refused; fails where something is not. */
  async refuse(): Promise<void> {
    for (const { method, path, key, body, headers } of badRequests(this.keys, this.#payment, this.tls)) {
      const answer = await this.api.send(method, path, key, body, headers);
      if (answer.status < 400) throw new Error(`was not refused: ${answer.asked} ${JSON.stringify(headers)}`);
    }
  }

  /** The bank does this to its next call of that kind. */
  async fault(body: object): Promise<void> {
    const answer = await fetch(`${this.bank.controlUrl}/faults`, {
      method: 'PUT',
      body: JSON.stringify({ provider: 'kaspi', times: 1, ...body }),
    });
    expect(answer.status).toBe(200);
  }

  /** Every kind of trouble with the bank, each with a sale or a device of its own. */
  async disturb(): Promise<void> {
    const sales = FAULTS.map((name, n) => ({ name, amountMinor: 200_000 + n * 1_000 }));
    for (const { name, amountMinor } of sales) {
      await this.fault({ call: 'qr/create', fault: name, match: { amount: amountMinor / 100 } });
    }
    await Promise.all(sales.map(({ name, amountMinor }) => this.sell({ amount: amountMinor }, `disturbed ${name}`, 5)));
    for (const name of ['garbage', 'cut', 'html']) {
      await this.fault({ call: 'device/register', fault: name });
      await this.sell({ amount: 300_000, desk: `desk ${name}` }, `device ${name}`, 5);
      await this.fault({ call: 'payment/status', fault: name });
    }
  }
}
