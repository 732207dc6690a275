import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { DemoStage } from './demo-stage.ts';
import type { TillPlace } from './shown-payment.ts';

const VERIFY_TIMEOUT_MS = 30_000;
const VERIFY_INTERVAL_MS = 200;
/** The same as the demo chain's own organization has. */
const MAX_AMOUNT_MINOR = 200_000_000;

const connectionAnswer = z.looseObject({
  id: z.string(),
  scheme: z.string(),
  status: z.enum(['verifying', 'verified', 'failed', 'disabled']),
  certificate: z.string().nullable(),
  reason: z.looseObject({ code: z.string() }).nullable(),
  onboarding: z
    .looseObject({ status: z.enum(['verifying', 'registering_device', 'ready', 'failed']) })
    .nullable()
    .optional(),
});
type Connection = z.output<typeof connectionAnswer>;

const organizationAnswer = z.looseObject({ id: z.string(), connection: connectionAnswer.optional() });
const listOf = <S extends z.ZodType>(of: S) => z.looseObject({ data: z.array(of) });

export interface OwnShop {
  taxId: string;
  name: string;
  desk: string;
}

export interface OpenShop {
  place: TillPlace;
  /** Of its connection; null where it has none. */
  certificate: string | null;
}

/** The organization as an earlier demo left it, where the bank still lets it in. */
export async function findShop({ chain }: DemoStage, { taxId, desk }: OwnShop): Promise<OpenShop | undefined> {
  const known = await organizationOf(chain, taxId);
  if (known === undefined) return undefined;
  const connection = await connectionOf(chain, known);
  if (connection?.status !== 'verified') return undefined;
  return { place: { organization: known, desk }, certificate: connection.certificate };
}

/** Makes the organization with its connection and first desk in one call, or moves the one of before to this certificate. */
export async function openShop(stage: DemoStage, shop: OwnShop, certificate: string): Promise<OpenShop> {
  const { chain, story } = stage;
  const known = await organizationOf(chain, shop.taxId);
  if (known === undefined) {
    const made = await chain.call({
      method: 'POST',
      path: '/v1/organizations',
      body: {
        ...{ country: 'KZ', tax_id: shop.taxId, name: shop.name, max_amount: MAX_AMOUNT_MINOR },
        connection: { provider: 'kaspi', scheme: 'r2', certificate },
        desk: { id: shop.desk },
      },
      idempotencyKey: `demo-${randomUUID()}`,
      answer: organizationAnswer,
    });
    if (made.connection === undefined)
      throw new PlainFailure(`The organization ${made.id} was made without connection.`);
    await verified(stage, made.connection);
    story.tell(`organization ${shop.taxId} is connected with scheme 2, its cash desk is ${shop.desk}`);
    return { place: { organization: made.id, desk: shop.desk }, certificate };
  }
  const connection = await connectionOf(chain, known);
  if (connection === undefined) throw new PlainFailure(`The organization ${known} has no connection of scheme 2.`);
  const path = `/v1/connections/${connection.id}`;
  const moved = await chain.call({ method: 'PATCH', path, body: { certificate }, answer: connectionAnswer });
  await verified(stage, moved);
  story.tell(`the connection of organization ${shop.taxId} works under it`);
  return { place: { organization: known, desk: shop.desk }, certificate };
}

async function organizationOf(chain: DemoStage['chain'], taxId: string): Promise<string | undefined> {
  const path = `/v1/organizations?tax_id=${taxId}`;
  return (await chain.call({ method: 'GET', path, answer: listOf(organizationAnswer) })).data[0]?.id;
}

async function connectionOf(chain: DemoStage['chain'], organization: string): Promise<Connection | undefined> {
  const path = `/v1/organizations/${organization}/connections`;
  const { data } = await chain.call({ method: 'GET', path, answer: listOf(connectionAnswer) });
  return data.find(({ scheme, status }) => scheme === 'r2' && status !== 'disabled');
}

/** Until the bank has let it in and the first desk has its device. */
async function verified({ chain, signal }: DemoStage, from: Connection): Promise<void> {
  const deadlineMs = performance.now() + VERIFY_TIMEOUT_MS;
  for (let now = from; ;) {
    const first = now.onboarding?.status ?? 'ready';
    if (now.status === 'verified' && first === 'ready') return;
    if (now.status === 'failed' || first === 'failed' || performance.now() > deadlineMs) {
      throw new PlainFailure(
        `The connection ${now.id} is ${now.status}: ${JSON.stringify(now.reason ?? now.onboarding)}`,
      );
    }
    await pause(VERIFY_INTERVAL_MS, undefined, { signal });
    now = await chain.call({ method: 'GET', path: `/v1/connections/${from.id}`, answer: connectionAnswer });
  }
}
