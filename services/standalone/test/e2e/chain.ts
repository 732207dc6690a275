import { readFileSync } from 'node:fs';
import type { Sandbox } from '@tolem/sandbox';
import { waitFor } from '@tolem/testing';

export const OPERATOR_KEY = `tlm_op_${'e'.repeat(52)}`;
/** A constructed BIN that the simulated bank knows. */
export const BIN = '260360000051';

/** Beyond the wait that a request asks for. */
const ANSWER_SECONDS = 8;

/** As much of a payment as these specs look at. */
export interface PaymentView {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly late: boolean;
  readonly amount: number;
  readonly next_action: { readonly type: string; readonly qr: string } | null;
  readonly till: { readonly screen: string; readonly hand_over_goods: boolean; readonly may_start_another: boolean };
  readonly failure: { readonly code: string } | null;
  readonly provider: { readonly name: string; readonly id: string | null };
  readonly created_at: string;
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

/** A chain's server: speaks HTTP to the gateway and nothing else. */
export class Chain {
  #keys = 0;
  organization = '';
  tradePoint = '';

  constructor(
    /** Base URL of the gateway; another one after a restart. */
    public gateway: string,
    private key: string,
  ) {}

  async call<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> {
    // Where a process was killed, a stranger may answer on its port, or never answer.
    const waitSeconds = Number(new URL(path, this.gateway).searchParams.get('wait') ?? 0);
    const response = await fetch(`${this.gateway}${path}`, {
      method,
      signal: AbortSignal.timeout((waitSeconds + ANSWER_SECONDS) * 1_000),
      headers: {
        authorization: `Bearer ${this.key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, headers: response.headers, body: (await response.json()) as T };
  }

  /** A POST that must work; throws with what the gateway said where it does not. */
  async post<T>(path: string, body: unknown, idempotencyKey?: string): Promise<T> {
    this.#keys += 1;
    const answer = await this.call<T>('POST', path, body, { 'idempotency-key': idempotencyKey ?? `e2e-${this.#keys}` });
    if (answer.status >= 300) throw new Error(`POST ${path} → ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  async get<T>(path: string): Promise<T> {
    return (await this.call<T>('GET', path)).body;
  }

  pay(
    amount: number,
    idempotencyKey: string,
    waitSeconds = 25,
    desk = 'desk-01',
    headers: Record<string, string> = {},
  ): Promise<Answer<PaymentView>> {
    const body = {
      organization: this.organization,
      desk,
      trade_point: this.tradePoint,
      amount,
      currency: 'KZT',
      method: { type: 'kaspi_qr' },
    };
    return this.call('POST', `/v1/payments?wait=${waitSeconds}`, body, {
      ...headers,
      'idempotency-key': idempotencyKey,
    });
  }

  cancel(key: string): Promise<Answer<PaymentView>> {
    return this.call('POST', '/v1/payments/cancel_by_key', { key });
  }

  payment(id: string, waitSeconds = 0): Promise<PaymentView> {
    return this.get(`/v1/payments/${id}?wait=${waitSeconds}`);
  }
}

/**
 * A buyer who takes two seconds between scan and confirmation: longer than the bank's interval of one, so that a busy
 * machine sees the scan too.
 */
export async function unhurriedBuyer(controlUrl: string): Promise<void> {
  const response = await fetch(`${controlUrl}/autopilot`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kaspi: { scan_ms: 500, confirm_ms: 2_500 } }),
  });
  if (!response.ok) throw new Error(`the bank's control answered ${response.status}`);
}

/** Whose organization, and under which of the bank's schemes. */
export interface Onboarding {
  readonly scheme: 'r2' | 'r3';
  readonly taxId: string;
}

/**
 * Onboards a chain over the public API: tenant, certificate, organization, verified connection. Under r3 the certificate
 * is shared and granted by the operator, under r2 it is the chain's own.
 */
export async function onboard(
  gateway: string,
  tls: Sandbox['tls'],
  { scheme, taxId }: Onboarding = { scheme: 'r3', taxId: BIN },
): Promise<Chain> {
  const operator = new Chain(gateway, OPERATOR_KEY);
  const tenant = await operator.post<{ id: string; api_key: { secret: string } }>(
    '/v1/tenants',
    { name: 'Chain' },
    `tenant-${taxId}`,
  );
  const chain = new Chain(gateway, tenant.api_key.secret);
  const text = (path: string): string => readFileSync(path, 'utf8');
  const [owner, certificatePath, keyPath] =
    scheme === 'r3' ? [operator, tls.cert, tls.key] : [chain, tls.organizationCert, tls.organizationKey];
  const pair = { certificate: text(certificatePath), private_key: text(keyPath), ca: text(tls.ca) };
  const certificate = await owner.post<{ id: string }>(
    '/v1/certificates',
    { provider: 'kaspi', scheme, name: 'bank', ...pair },
    `certificate-${taxId}`,
  );
  if (scheme === 'r3') {
    await operator.call('PUT', `/v1/certificates/${certificate.id}/grants/${tenant.id}`, { tax_ids: [taxId] });
  }
  const organization = await chain.post<{ id: string }>('/v1/organizations', {
    country: 'KZ',
    tax_id: taxId,
    name: 'Shops LLP',
    max_amount: 200_000_000,
  });
  chain.organization = organization.id;
  const connection = await chain.post<{ id: string }>(`/v1/organizations/${organization.id}/connections`, {
    provider: 'kaspi',
    scheme,
    certificate: certificate.id,
  });
  await waitFor('the connection to be verified', async () => {
    const { status } = await chain.get<{ status: string }>(`/v1/connections/${connection.id}`);
    return status === 'verified';
  });
  const points = await chain.get<{ data: { id: string }[] }>(`/v1/organizations/${organization.id}/trade_points`);
  chain.tradePoint = points.data[0]?.id ?? '';
  return chain;
}
