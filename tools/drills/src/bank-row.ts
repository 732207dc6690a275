import { z } from 'zod';

const isoTime = z.iso.datetime().transform((text) => Date.parse(text));
const row = z.looseObject({
  seq: z.int(),
  kind: z.string(),
  id: z.string(),
  external_id: z.string().nullable(),
  amount: z.int(),
  status: z.string(),
  calls: z.array(z.looseObject({ at: isoTime, call: z.string() })),
});

/** A purchase as the simulated bank's own books have it. */
export type BankRow = z.output<typeof row>;

const ANSWER_TIMEOUT_MS = 60_000;

/** Every purchase that the bank knows, in the order in which they changed last. */
export async function readBank(controlUrl: string, signal: AbortSignal): Promise<BankRow[]> {
  const answer = await fetch(new URL('/ledger?since=0', controlUrl), {
    signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
  });
  return z
    .array(row)
    .parse(await answer.json())
    .filter(({ kind }) => kind === 'payment');
}
