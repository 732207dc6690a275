import { fileURLToPath } from 'node:url';

/**
 * Loaded into a process with `--import`: ends it at the step that the file named by TOLEM_CRASH_FILE says, as
 * `JSON.stringify({ ...point, nth })`; an empty file disarms. Read at the start and again at SIGUSR2: see CrashFile.
 */
export const CRASH_PRELOAD = fileURLToPath(new URL('../crash-preload.mjs', import.meta.url));

/**
 * Every step of a payment's way at which the process may die, one before and one after it. Steps are recognised from
 * outside, at five seams of the compiled product: statements, publishing, the bus, the way to the bank and the way to the
 * chain's own server; the product itself knows nothing of this.
 */
export const SEAMS = ['statement', 'publish', 'deliver', 'bank', 'webhook'] as const;
export type Seam = (typeof SEAMS)[number];

export interface CrashPoint {
  readonly name: string;
  /** Which of the services take this step. */
  readonly services: readonly ('gateway' | 'kaspi')[];
  readonly seam: Seam;
  /** `written`: the request is on the wire and its answer has not come. */
  readonly when: 'before' | 'written' | 'after';
  /** Part of the SQL, type of the message, path at the bank, or a header that no other request has. */
  readonly match: string;
  /** The phase that a statement or message carries, where several steps look alike otherwise. */
  readonly phase?: string;
  /** Whether the statement writes messages for others, where two that carry the same phase differ in that alone. */
  readonly tells?: boolean;
  /** The load cancels its payments while this point is armed. */
  readonly cancels?: true;
  /** Several pieces of work may take this step in one go. */
  readonly together?: true;
  /** Taken for a desk that the bank does not know yet. */
  readonly freshDesk?: true;
}

/** A step of the way, before it is told apart when the process dies at it. */
export type CrashStep = Omit<CrashPoint, 'when' | 'name'> & { readonly step: string };

const GATEWAY = { services: ['gateway'] } as const;
const KASPI = { services: ['kaspi'] } as const;

/**
 * Data-model §4 in order: create, accept, device, start, apply, progress, paid, apply paid, comparison, webhook, removal;
 * then the cancel.
 */
const STEPS: readonly CrashStep[] = [
  { step: 'create commits', ...GATEWAY, seam: 'statement', match: 'create_payment' },
  { step: 'payment.start is published', ...GATEWAY, seam: 'publish', match: 'payment.start' },
  { step: 'payment.start is handled', ...KASPI, seam: 'deliver', match: 'payment.start' },
  { step: 'accept commits', ...KASPI, seam: 'statement', match: 'INSERT INTO operation' },
  { step: 'device/register is called', ...KASPI, seam: 'bank', match: '/device/register', freshDesk: true },
  {
    step: 'the device binding commits',
    ...KASPI,
    seam: 'statement',
    match: 'INSERT INTO device_binding',
    freshDesk: true,
  },
  { step: 'qr/create is called', ...KASPI, seam: 'bank', match: '/qr/create' },
  { step: 'started commits', ...KASPI, seam: 'statement', match: 'UPDATE subject', phase: 'requires_customer' },
  { step: 'started is published', ...KASPI, seam: 'publish', match: 'payment.state', phase: 'requires_customer' },
  { step: 'started is handled', ...GATEWAY, seam: 'deliver', match: 'payment.state', phase: 'requires_customer' },
  { step: 'facts are applied', ...GATEWAY, seam: 'statement', match: 'apply_payment_facts' },
  { step: 'payment/status is asked', ...KASPI, seam: 'bank', match: '/payment/status' },
  { step: 'progress is announced', ...KASPI, seam: 'publish', match: 'payment.progress' },
  { step: 'progress is handled', ...GATEWAY, seam: 'deliver', match: 'payment.progress' },
  { step: 'progress is applied', ...GATEWAY, seam: 'statement', match: 'apply_payment_facts', phase: 'processing' },
  { step: 'paid commits', ...KASPI, seam: 'statement', match: 'UPDATE subject', phase: 'succeeded', tells: true },
  { step: 'paid is published', ...KASPI, seam: 'publish', match: 'payment.state', phase: 'succeeded' },
  { step: 'paid is handled', ...GATEWAY, seam: 'deliver', match: 'payment.state', phase: 'succeeded' },
  { step: 'paid is applied', ...GATEWAY, seam: 'statement', match: 'apply_payment_facts', phase: 'succeeded' },
  { step: 'payment/details is asked', ...KASPI, seam: 'bank', match: '/payment/details' },
  {
    step: 'the comparison with the bank’s books commits',
    ...KASPI,
    seam: 'statement',
    match: 'UPDATE subject',
    phase: 'succeeded',
    tells: false,
  },
  { step: 'a webhook is sent', ...GATEWAY, seam: 'webhook', match: 'webhook-id' },
  { step: 'what became of webhooks commits', ...GATEWAY, seam: 'statement', match: 'settle_deliveries' },
  { step: 'messages are removed', services: ['gateway', 'kaspi'], seam: 'statement', match: 'DELETE FROM outbox' },
  { step: 'cancel commits', ...GATEWAY, seam: 'statement', match: 'cancel_payment', cancels: true },
  { step: 'payment.cancel is published', ...GATEWAY, seam: 'publish', match: 'payment.cancel', cancels: true },
  { step: 'payment.cancel is handled', ...KASPI, seam: 'deliver', match: 'payment.cancel', cancels: true },
];

/** The seams at which a request leaves this house. */
const CALLS: readonly Seam[] = ['bank', 'webhook'];

export const CRASH_POINTS: readonly CrashPoint[] = crashPointsOf(STEPS);

/** One point before every step and one after it; at a call to the outside one more, while it is unanswered. */
export function crashPointsOf(steps: readonly CrashStep[]): readonly CrashPoint[] {
  return steps.flatMap(({ step, ...at }) => {
    const moments = CALLS.includes(at.seam)
      ? (['before', 'written', 'after'] as const)
      : (['before', 'after'] as const);
    return moments.map((when) => ({
      ...at,
      when,
      name: when === 'written' ? `while ${step}, unanswered` : `${when} ${step}`,
    }));
  });
}
