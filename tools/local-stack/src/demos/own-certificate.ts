import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';
import type { Issued } from './bank-control.ts';
import type { DemoStage } from './demo-stage.ts';

const POLL_MS = 200;
const PATIENCE_MS = 30_000;
const WAIT_S = 20;

const certificateAnswer = z.looseObject({
  id: z.string(),
  status: z.string(),
  csr: z.string().nullable(),
  active_version: z.int().nullable(),
  days_left: z.int().nullable(),
  replace: z
    .looseObject({
      version: z.int(),
      status: z.enum(['pending', 'done', 'failed']),
      reason: z.looseObject({ text: z.looseObject({ en: z.string() }) }).nullable(),
    })
    .nullable(),
});
export type ShownCertificate = z.output<typeof certificateAnswer>;

export interface OwnCertificate {
  certificate: ShownCertificate;
  issued: Issued;
}

/**
 * A certificate of an organization's own: its key is made by the service and stays there, the bank's mail desk signs the
 * request, and what it sends back is brought in.
 */
export async function ownCertificate(
  stage: DemoStage,
  wanted: { taxId: string; days: number },
): Promise<OwnCertificate> {
  const { bank, chain, story } = stage;
  const requested = await until(
    stage,
    await chain.call({
      method: 'POST',
      path: `/v1/certificates/requests?wait=${WAIT_S}`,
      body: { provider: 'kaspi', scheme: 'r2', name: `Own certificate of ${wanted.taxId}`, subject: SUBJECT },
      idempotencyKey: `demo-${randomUUID()}`,
      answer: certificateAnswer,
    }),
    ({ csr, status }) => csr !== null || status === 'failed',
  );
  const { id, csr } = requested;
  if (csr === null) throw new PlainFailure(`The request ${id} has come to nothing: it is ${requested.status}.`);
  story.tell(`a key is made and stays with the service; the request to sign is ${id}`);
  const issued = await bank.sign({ csr, tax_id: wanted.taxId, days: wanted.days });
  story.tell(`the bank's mail desk signs it: serial ${issued.serial}, until ${issued.not_after.slice(0, 10)}`);
  const installed = await chain.call({
    method: 'PUT',
    path: `/v1/certificates/${id}/chain`,
    body: {
      certificate: `${issued.certificate}\n${issued.intermediate}`,
      ca: `${issued.root}\n${issued.intermediate}`,
    },
    answer: certificateAnswer,
  });
  const ready = await until(stage, installed, ({ status }) => ['active', 'failed'].includes(status));
  if (ready.status !== 'active') throw new PlainFailure(`The certificate ${id} is ${ready.status}.`);
  story.tell(`the chain is brought in and fits the key: ${ready.days_left ?? 0} days left`);
  return { certificate: ready, issued };
}

const SUBJECT = {
  region: 'Almaty',
  town: 'Almaty',
  organization: 'Demo Shop LLP',
  common_name: 'pay.demo.example',
  email: 'it@demo.example',
};

/** The version of `request` takes the place of the one in use, once the bank has answered under it. */
export async function replaceCertificate(stage: DemoStage, id: string, request: string): Promise<ShownCertificate> {
  const asked = await stage.chain.call({
    method: 'POST',
    path: `/v1/certificates/${id}/replace`,
    body: { request },
    answer: certificateAnswer,
  });
  const over = await until(stage, asked, ({ replace }) => replace !== null && replace.status !== 'pending');
  if (over.replace?.status === 'done') return over;
  throw new PlainFailure(
    `The certificate ${id} was not replaced: ${over.replace?.reason?.text.en ?? 'nobody says why'}`,
  );
}

async function until(
  { chain, signal }: DemoStage,
  from: ShownCertificate,
  enough: (certificate: ShownCertificate) => boolean,
): Promise<ShownCertificate> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (let now = from; ;) {
    if (enough(now) || performance.now() > deadlineMs) return now;
    await pause(POLL_MS, undefined, { signal });
    now = await chain.call({ method: 'GET', path: `/v1/certificates/${from.id}`, answer: certificateAnswer });
  }
}
