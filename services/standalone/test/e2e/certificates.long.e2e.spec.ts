import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { IssuedCertificate } from '@tolem/sandbox';
import { waitFor } from '@tolem/testing';
import { Chain, OPERATOR_KEY, type PaymentView } from './chain.ts';
import { ClockedHouse } from './clocked-house.ts';

const BIN = '260360000031';
const DAY_MS = 86_400_000;
const TILLS = 4;
const SUBJECT = {
  ...{ region: 'Almaty', town: 'Almaty', organization: 'Small Shops LLP', common_name: 'pay.shops.example' },
  email: 'it@shops.example',
};

interface CertificateView {
  readonly id: string;
  readonly status: string;
  readonly csr: string | null;
  readonly active_version: number | null;
  readonly days_left: number | null;
  readonly not_after: string | null;
  readonly replace: { readonly status: string; readonly reason: { readonly code: string } | null } | null;
}

interface ExpiringView {
  readonly id: string;
  readonly created_at: string;
  readonly data: { readonly object: { readonly id: string; readonly days_left: number } };
}

describe('the certificate of an organization, from its request to its end', () => {
  let house: ClockedHouse;
  let chain: Chain;
  /** Of the request that became the organization's certificate. */
  let certificate: string;
  let inUse: IssuedCertificate;
  let sums = 100_000;
  const paid: PaymentView[] = [];

  beforeAll(async () => {
    house = await ClockedHouse.open();
    const operator = new Chain(house.gateway, OPERATOR_KEY);
    const tenant = await operator.post<{ api_key: { secret: string } }>('/v1/tenants', { name: 'Chain' });
    chain = new Chain(house.gateway, tenant.api_key.secret);
  }, 120_000);
  afterAll(() => house?.close(), 60_000);

  const read = (id: string): Promise<CertificateView> => chain.get(`/v1/certificates/${id}`);
  const until = (id: string, what: string, is: (shown: CertificateView) => boolean): Promise<CertificateView> =>
    waitFor(`${id} to have ${what}`, async () => {
      const shown = await read(id);
      return is(shown) ? shown : undefined;
    });
  /** A key that is born in the service, with the request that the bank has to sign. */
  const requested = async (name: string): Promise<{ id: string; csr: string }> => {
    const body = { provider: 'kaspi', scheme: 'r2', name, subject: SUBJECT };
    const { id } = await chain.post<CertificateView>('/v1/certificates/requests?wait=10', body);
    const { csr } = await until(id, 'a request to sign', (shown) => shown.csr !== null);
    return { id, csr: csr ?? '' };
  };
  /** The bank's mail desk. */
  const signed = async (csr: string | undefined, days: number): Promise<IssuedCertificate> => {
    const issued = await house.bank.issueCertificate({ ...(csr === undefined ? {} : { csr }), taxId: BIN, days });
    if (!issued.ok) throw new Error(JSON.stringify(issued.flaws));
    return issued.issued;
  };
  const bring = (id: string, certificatePem: string, ca: string) =>
    chain.call<CertificateView & { code: string }>('PUT', `/v1/certificates/${id}/chain`, {
      certificate: certificatePem,
      ca,
    });
  const authorities = ({ root, intermediate }: IssuedCertificate): string => `${root}\n${intermediate}`;
  const replaced = async (body: object): Promise<CertificateView> => {
    await chain.post(`/v1/certificates/${certificate}/replace`, body);
    return until(
      certificate,
      'its replacement decided',
      ({ replace }) => replace !== null && replace.status !== 'pending',
    );
  };
  /** From now on the bank lets nobody in under it. */
  const revoke = async (serial: string): Promise<void> => {
    const answer = await fetch(`${house.bank.controlUrl}/kaspi/certificates/${serial}`, { method: 'DELETE' });
    expect(answer.status).toBe(200);
  };
  const sell = async (desk: string): Promise<PaymentView> => {
    sums += 100;
    const created = await chain.pay(sums, `sale-${sums}`, 20, desk);
    if (created.status >= 300) throw new Error(`${created.status} ${JSON.stringify(created.body)}`);
    const payment = await waitFor('the sale to end', async () => {
      const shown = await chain.payment(created.body.id, 2);
      return ['created', 'requires_customer', 'processing'].includes(shown.status) ? undefined : shown;
    });
    paid.push(payment);
    return payment;
  };

  it('takes back only what the bank signed for its own key, and is then in use', async () => {
    const { id, csr } = await requested('Kaspi');
    certificate = id;
    inUse = await signed(csr, 200);
    const other = await requested('of somebody else');
    const strange = await signed(other.csr, 200);
    expect((await bring(id, strange.certificate, authorities(strange))).body.code).toBe('private_key_mismatch');
    // The authority alone, without the one between it and the certificate, leads nowhere.
    expect((await bring(id, inUse.certificate, inUse.root)).body.code).toBe('certificate_chain_broken');
    expect((await bring(id, inUse.certificate, 'no PEM')).body.code).toBe('certificate_invalid');
    expect(await read(id)).toMatchObject({ status: 'requested', active_version: null });
    expect((await bring(id, inUse.certificate, authorities(inUse))).status).toBeLessThan(300);
    expect(await until(id, 'come into use', ({ status }) => status === 'active')).toMatchObject({ active_version: 1 });
  }, 90_000);

  it('lets its organization in, whose tills then sell', async () => {
    const made = await chain.post<{ id: string; connection: { id: string } }>('/v1/organizations', {
      ...{ country: 'KZ', tax_id: BIN, name: 'Small Shops LLP' },
      connection: { provider: 'kaspi', scheme: 'r2', certificate },
      desk: { id: 'desk-0' },
    });
    chain.organization = made.id;
    await waitFor('the first desk', async () => {
      const path = `/v1/connections/${made.connection.id}`;
      const { onboarding } = await chain.get<{ onboarding: { status: string } }>(path);
      return onboarding.status === 'ready';
    });
    const points = await chain.get<{ data: { id: string }[] }>(`/v1/organizations/${made.id}/trade_points`);
    chain.tradePoint = points.data[0]?.id ?? '';
    expect((await sell('desk-0')).status).toBe('succeeded');
  }, 120_000);

  it('is replaced while its tills sell: no sale fails, and the old one may be revoked as soon as that is done', async () => {
    let isDone = false;
    const before = paid.length;
    const tills = Array.from({ length: TILLS }, async (_, no) => {
      let last = false;
      while (!last) {
        last = isDone;
        await sell(`desk-${no}`);
      }
    });
    const selling = Promise.all(tills);
    // Sales end before, meanwhile and after.
    await Promise.race([selling, waitFor('the tills to sell', () => paid.length - before >= TILLS)]);
    const { id, csr } = await requested('Kaspi, the next');
    const next = await signed(csr, 100);
    await bring(id, next.certificate, authorities(next));
    await until(id, 'come back signed', ({ status }) => status === 'active');
    expect(await replaced({ request: id })).toMatchObject({ active_version: 2, replace: { status: 'done' } });
    expect((await read(id)).status).toBe('retired');
    isDone = true;
    await selling;
    await revoke(inUse.serial);
    inUse = next;
    for (let no = 0; no < TILLS; no += 1) await sell(`desk-${no}`);
    expect(paid.length - before).toBeGreaterThanOrEqual(3 * TILLS);
    expect(paid.filter(({ status }) => status !== 'succeeded')).toEqual([]);
  }, 240_000);

  it('stays in use where the bank refuses the one that is to replace it', async () => {
    const refused = await signed(undefined, 100);
    await revoke(refused.serial);
    const pair = { certificate: refused.certificate, private_key: refused.privateKey, ca: authorities(refused) };
    expect(await replaced(pair)).toMatchObject({
      status: 'active',
      active_version: 2,
      replace: { status: 'failed', reason: { code: 'certificate_refused' } },
    });
    expect((await sell('desk-0')).status).toBe('succeeded');
  }, 120_000);

  it('has sold what the bank has in its books, each once', () => {
    const rows = house.bank.ledger().filter(({ kind, status }) => kind === 'payment' && status === 'Processed');
    const ours = paid.map(({ id, amount }) => `${id} ${amount}`);
    expect(ours.length).toBeGreaterThan(0);
    expect(rows.map((row) => `${row.external_id} ${row.amount}`).toSorted()).toEqual(ours.toSorted());
  });

  it('tells of its end at 60, 30, 7 and 1 days, once each, however often the house comes back', async () => {
    const { not_after: end, days_left: left } = await read(certificate);
    expect(left).toBeGreaterThan(60);
    const endMs = Date.parse(end ?? '');
    const told = new Map<string, string>();
    const listen = async (): Promise<number> => {
      const { data } = await chain.get<{ data: ExpiringView[] }>('/v1/events?type=certificate.expiring');
      for (const { id, created_at: at, data: of } of data) {
        if (of.object.id !== certificate) continue;
        told.set(id, `${of.object.days_left}: with ${((endMs - Date.parse(at)) / DAY_MS).toFixed(1)} left`);
      }
      return told.size;
    };
    for (const [days, count] of [
      [60.5, 0],
      [59.5, 1],
      [30.5, 1],
      [29.5, 2],
      [7.5, 2],
      [6.5, 3],
      [1.5, 3],
      [0.5, 4],
    ] as const) {
      await house.comeBackOn(endMs - days * DAY_MS);
      chain.gateway = house.gateway;
      await waitFor(`${count} events with ${days} days left`, async () => (await listen()) >= count);
      expect((await read(certificate)).days_left).toBe(Math.floor(days));
    }
    expect([...told.values()]).toEqual([
      '60: with 59.5 left',
      '30: with 29.5 left',
      '7: with 6.5 left',
      '1: with 0.5 left',
    ]);
  }, 240_000);

  it('lets no private key into a log', () => {
    expect(house.logs.length).toBeGreaterThan(0);
    expect(house.logs.join('')).not.toContain('PRIVATE KEY');
  });
});
