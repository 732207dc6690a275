import { z } from 'zod';

const call = z.looseObject({
  at: z.iso.datetime().transform((text) => Date.parse(text)),
  call: z.string(),
  answered_at: z.iso
    .datetime()
    .nullable()
    .transform((text) => (text === null ? null : Date.parse(text))),
  status: z.string().nullable(),
});
const rows = z.array(
  z.looseObject({
    seq: z.int(),
    id: z.string(),
    payment_id: z.string().nullable(),
    amount: z.int(),
    kind: z.string(),
    external_id: z.string().nullable(),
    status: z.string(),
    calls: z.array(call),
  }),
);

export type BankCall = z.output<typeof call>;
export interface BankPayment {
  /** The bank's own. */
  id: string;
  status: string;
  calls: readonly BankCall[];
}

/** Money that went back, as the bank tells it. */
export interface BankRefund {
  /** The bank's id of the purchase. */
  payment_id: string | null;
  amount: number;
  calls: readonly BankCall[];
}

const ANSWER_TIMEOUT_MS = 60_000;

/** The sandbox's books. The payments of a run are read when the run is over, because writing them costs the bank time. */
export class BankLedger {
  private readonly control: string;
  private since = 0;

  constructor(control: string) {
    this.control = control;
  }

  /** Payments whose status has changed since the last reading, by our ids. A question alone changes no status. */
  read(signal: AbortSignal): Promise<Map<string, BankPayment>> {
    return this.changedAfter(this.since, signal);
  }

  /** All payments with all their calls. */
  readAll(signal: AbortSignal): Promise<Map<string, BankPayment>> {
    return this.changedAfter(0, signal);
  }

  /** When buyers scan and confirm after a create; null: they stay away. */
  async setBuyers(buyers: { scan_ms: number; confirm_ms: number } | null, signal: AbortSignal): Promise<void> {
    const answer = await fetch(new URL('/autopilot', this.control), {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kaspi: buyers }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    if (!answer.ok) throw new Error(`the sandbox refused ${JSON.stringify(buyers)} with ${answer.status}`);
  }

  /** Every refund that the bank has carried out. */
  async readRefunds(signal: AbortSignal): Promise<BankRefund[]> {
    return (await this.rowsAfter(0, signal)).filter(({ kind }) => kind === 'refund');
  }

  private async changedAfter(since: number, signal: AbortSignal): Promise<Map<string, BankPayment>> {
    const payments = new Map<string, BankPayment>();
    for (const row of await this.rowsAfter(since, signal)) {
      this.since = Math.max(this.since, row.seq);
      if (row.kind === 'payment' && row.external_id !== null) payments.set(row.external_id, row);
    }
    return payments;
  }

  private async rowsAfter(since: number, signal: AbortSignal): Promise<z.output<typeof rows>> {
    const url = new URL(`/ledger?since=${since}`, this.control);
    const answer = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]) });
    return rows.parse(await answer.json());
  }
}

/** The bank's own time for the create, from the request's headers to the answer's first byte; ms. */
export function createCall(payment: BankPayment | undefined): { atMs: number; tookMs: number | null } | undefined {
  const found = payment?.calls.find((one) => one.call === 'qr/create');
  if (found === undefined) return undefined;
  return { atMs: found.at, tookMs: found.answered_at === null ? null : found.answered_at - found.at };
}

/** When the bank wrote the first status answer that says paid; epoch ms. */
export function factToldAtMs(payment: BankPayment | undefined): number | null {
  const told = payment?.calls.find(
    (one) => one.call === 'payment/status' && one.status === 'Processed' && one.answered_at !== null,
  );
  return told?.answered_at ?? null;
}
