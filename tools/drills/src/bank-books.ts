import { z } from 'zod';

const isoTime = z.iso.datetime().transform((text) => Date.parse(text));
const row = z.looseObject({
  kind: z.string(),
  id: z.string(),
  external_id: z.string().nullable(),
  payment_id: z.string().nullable(),
  amount: z.int(),
  status: z.string(),
  calls: z.array(z.looseObject({ at: isoTime, call: z.string() })),
});

/** A purchase, or money that went back for one, as the simulated bank's own books have it. */
export type BankRow = z.output<typeof row>;

export interface BankBooks {
  /** At least the purchases of these sales. */
  purchases: readonly BankRow[];
  /** At least the returns of these purchases, which `payment_id` names. */
  returns: readonly BankRow[];
}

const ANSWER_TIMEOUT_MS = 60_000;

/** Every purchase that was begun since then, and all money that went back for it. */
export async function readBank(controlUrl: string, sinceMs: number, signal: AbortSignal): Promise<BankBooks> {
  const answer = await fetch(new URL('/ledger?since=0', controlUrl), {
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
  });
  const rows = z.array(row).parse(await answer.json());
  const purchases = rows.filter(({ kind, calls }) => kind === 'payment' && (calls[0]?.at ?? 0) >= sinceMs);
  const ids = new Set(purchases.map(({ id }) => id));
  return { purchases, returns: rows.filter(({ kind, payment_id: of }) => kind === 'refund' && ids.has(of ?? '')) };
}
