import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { type Clock, displayMoney, isFinal, PAYMENT_STATUSES, systemClock } from '@tolem/domain';
import QRCode from 'qrcode';
import { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { Story } from '../terminal/story.ts';
import { ApiClient, ApiRefusal } from './api.ts';
import { tradePointsOf } from './onboard.ts';

/** Of a demo payment, unless another amount is asked for. */
export const DEMO_AMOUNT_MINOR = 149_000;

const WAIT_S = 25;
/** The bank's own timers end after 180 s and 65 s; a silent bank is asked again for a while after that. */
const STORY_TIMEOUT_MS = 6 * 60_000;
/** An answer that brought nothing new and came at once must not make a busy loop. */
const LEAST_ROUND_MS = 250;

const paymentAnswer = z.looseObject({
  id: z.string(),
  status: z.enum(PAYMENT_STATUSES),
  version: z.number().optional(),
  late: z.boolean().optional(),
  method: z.looseObject({ payment_methods: z.array(z.string()).nullish() }).nullish(),
  next_action: z.looseObject({ type: z.string(), qr: z.string().nullish() }).nullish(),
  till: z.looseObject({ screen: z.string(), message: z.looseObject({ en: z.string() }) }).nullish(),
  failure: z.looseObject({ code: z.string(), provider_code: z.union([z.string(), z.number()]).nullish() }).nullish(),
  provider: z.looseObject({ name: z.string().nullish(), id: z.string().nullish() }).nullish(),
});

type Payment = z.output<typeof paymentAnswer>;

export interface DemoInput {
  gatewayUrl: string;
  apiKey: string;
  organization: string;
  desk: string;
  /** Needed when the desk is not registered yet; asked for if left out then. */
  tradePoint?: string;
  amountMinor: number;
  line: (text: string) => void;
  isTerminal?: boolean;
  signal?: AbortSignal;
  clock?: Clock;
}

export interface DemoOutcome {
  payment: string;
  status: Payment['status'];
  totalMs: number;
}

/** One Kaspi QR payment as a till sees it, told step by step with the time of each. */
export async function payDemo(input: DemoInput): Promise<DemoOutcome> {
  const clock = input.clock ?? systemClock;
  const chain = new ApiClient(input.gatewayUrl, input.apiKey, input.signal);
  const story = new Story(input.line, clock);

  story.line(
    `Kaspi QR payment of ${displayMoney({ amountMinor: input.amountMinor, currency: 'KZT' })} at ${input.desk}`,
  );
  let payment = await create(chain, input);
  story.tell(`${payment.status}: payment ${payment.id} created`);
  let shown = await show(undefined, payment, story, input.isTerminal);
  while (!isFinal(payment.status)) {
    if (story.tookMs > STORY_TIMEOUT_MS) {
      throw new PlainFailure(
        `The payment ${payment.id} is still ${payment.status} after ${STORY_TIMEOUT_MS / 60_000} min.`,
      );
    }
    const askedMs = clock.monotonicMs();
    const next = await chain.call({
      method: 'GET',
      path: `/v1/payments/${payment.id}?wait=${WAIT_S}`,
      answer: paymentAnswer,
    });
    const changed = next.status !== payment.status || next.version !== payment.version;
    if (next.status !== payment.status) story.tell(next.status);
    payment = next;
    shown = await show(shown, payment, story, input.isTerminal);
    const restMs = LEAST_ROUND_MS - (clock.monotonicMs() - askedMs);
    if (!changed && restMs > 0)
      await pause(restMs, undefined, input.signal === undefined ? {} : { signal: input.signal });
  }
  if (payment.failure != null) {
    const { code, provider_code: theirs } = payment.failure;
    story.aside(`reason: ${code}${theirs == null ? '' : ` (the bank says ${theirs})`}`);
  }
  story.end(payment.status);
  return { payment: payment.id, status: payment.status, totalMs: story.tookMs };
}

async function create(chain: ApiClient, input: DemoInput): Promise<Payment> {
  const id = randomUUID();
  const send = (idempotencyKey: string, tradePoint: string | undefined): Promise<Payment> =>
    chain.call({
      method: 'POST',
      path: `/v1/payments?wait=${WAIT_S}`,
      body: {
        organization: input.organization,
        desk: input.desk,
        ...(tradePoint === undefined ? {} : { trade_point: tradePoint }),
        amount: input.amountMinor,
        currency: 'KZT',
        method: { type: 'kaspi_qr' },
        reference: `demo-${id}`,
      },
      idempotencyKey,
      answer: paymentAnswer,
    });
  try {
    return await send(`demo-${id}`, input.tradePoint);
  } catch (error) {
    if (!(error instanceof ApiRefusal && error.code === 'trade_point_required') || input.tradePoint !== undefined)
      throw error;
    // Another body needs another idempotency key.
    return send(`demo-${id}-desk`, (await tradePointsOf(chain, input.organization))[0]);
  }
}

interface Shown {
  qr: string | undefined;
  message: string | undefined;
}

/** Shows what is new to the cashier since the last answer. */
async function show(
  before: Shown | undefined,
  payment: Payment,
  story: Story,
  isTerminal: boolean | undefined,
): Promise<Shown> {
  const qr = payment.next_action?.qr ?? undefined;
  if (qr !== undefined && qr !== before?.qr) {
    for (const row of (await drawQr(qr, isTerminal)).split('\n')) story.line(`    ${row}`);
    const methods = payment.method?.payment_methods ?? [];
    story.tell(`the QR ${qr} is on the till`);
    if (methods.length > 0) story.aside(`the buyer may pay with: ${methods.join(', ')}`);
  }
  const message = payment.till?.message.en;
  if (message !== undefined && message !== before?.message) story.aside(`till: "${message}"`);
  return { qr: qr ?? before?.qr, message };
}

/**
 * Half-block characters, two modules above one another. A terminal gets black on white whatever its theme is, because
 * scanners want dark modules on a light ground; elsewhere there are no control characters.
 */
export async function drawQr(text: string, isTerminal = false): Promise<string> {
  const drawn = await QRCode.toString(text, { type: 'utf8', errorCorrectionLevel: 'L', margin: 2 });
  if (!isTerminal) return drawn.trimEnd();
  const rows = drawn.split('\n').filter((row) => row !== '');
  const width = Math.max(...rows.map((row) => row.length));
  return rows.map((row) => `\u001b[30;107m${row.padEnd(width)}\u001b[0m`).join('\n');
}
