import { displayMoney } from '@tolem/domain';
import { z } from 'zod';
import { PlainFailure } from '../terminal/plain-failure.ts';

const ANSWER_TIMEOUT_MS = 30_000;

const autopilot = z
  .strictObject({
    scan_ms: z.int(),
    confirm_ms: z.int(),
    return_scan_ms: z.int().nullable(),
    invoice_pay_ms: z.int().nullable(),
  })
  .nullable();
export type Autopilot = z.output<typeof autopilot>;

const health = z.looseObject({ kaspi: z.looseObject({ autopilot }) });
const ledgerRow = z.looseObject({
  kind: z.enum(['payment', 'invoice', 'refund', 'refund_code']),
  id: z.string(),
  external_id: z.string().nullable(),
  tax_id: z.string(),
  amount: z.int(),
  status: z.string(),
  payment_id: z.string().nullable(),
  buyer: z.string().nullable(),
  phone_ends: z.string().nullable(),
  comment: z.string().nullable(),
});
export type LedgerRow = z.output<typeof ledgerRow>;

const issued = z.looseObject({
  certificate: z.string(),
  root: z.string(),
  intermediate: z.string(),
  serial: z.string(),
  not_after: z.string(),
});
export type Issued = z.output<typeof issued>;

const anything = z.unknown();

/** The other side of the story: buyers' hands, the bank's back office and its books, over the sandbox's control port. */
export class BankControl {
  private readonly control: string;

  constructor(control: string) {
    this.control = control;
  }

  /** What is made during `work` has no buyer but the one that the story plays. */
  withBuyersAway<T>(work: () => Promise<T>): Promise<T> {
    return this.withAutopilot(null, work);
  }

  /** Purchases made during `work` have such buyers; afterwards everything is as it was, whatever happens. */
  async withAutopilot<T>(wanted: Autopilot, work: () => Promise<T>): Promise<T> {
    const before = (await this.call('GET', '/health', undefined, health)).kaspi.autopilot;
    await this.call('PUT', '/autopilot', { kaspi: wanted }, anything);
    try {
      return await work();
    } finally {
      await this.call('PUT', '/autopilot', { kaspi: before }, anything);
    }
  }

  /** The buyer opens the bank's application and scans, or opens the link. */
  async scan(payment: string, buyer: string): Promise<void> {
    await this.call('POST', `/kaspi/payments/${payment}/scan`, { buyer }, anything);
  }

  async confirm(payment: string, buyer: string): Promise<void> {
    await this.call('POST', `/kaspi/payments/${payment}/confirm`, { buyer }, anything);
  }

  async scanRefundCode(code: string, buyer: string): Promise<void> {
    await this.call('POST', `/kaspi/returns/${code}/scan`, { buyer }, anything);
  }

  async payInvoice(invoice: string): Promise<void> {
    await this.call('POST', `/kaspi/invoices/${invoice}/pay`, {}, anything);
  }

  /** How often we have asked about an invoice, and whether that looks like a timer. */
  questionsAbout(invoice: string): Promise<{ questions: string[]; by_timer: boolean }> {
    const answer = z.looseObject({ questions: z.array(z.string()), by_timer: z.boolean() });
    return this.call('GET', `/kaspi/invoices/${invoice}`, undefined, answer);
  }

  /** The bank's mail desk: a request comes in, a certificate goes out. */
  sign(order: { csr: string; tax_id: string; days: number }): Promise<Issued> {
    return this.call('POST', '/kaspi/certificates', order, issued);
  }

  async revoke(serial: string): Promise<void> {
    await this.call('DELETE', `/kaspi/certificates/${serial}`, undefined, anything);
  }

  /** The rows of the bank's books that tell of these, by our ids or the bank's own, oldest first. */
  async ledgerOf(ids: readonly string[]): Promise<LedgerRow[]> {
    const rows = await this.call('GET', '/ledger', undefined, z.array(ledgerRow));
    return rows.filter(({ id, external_id: ours }) => ids.includes(id) || (ours !== null && ids.includes(ours)));
  }

  private async call<S extends z.ZodType>(
    method: string,
    path: string,
    body: unknown,
    answer: S,
  ): Promise<z.output<S>> {
    const text = await fetch(new URL(path, this.control), {
      method,
      signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    }).then(
      async (response) => {
        if (response.ok) return response.text();
        throw new PlainFailure(
          `The sandbox answered ${response.status} to ${method} ${path}: ${await response.text()}`,
        );
      },
      (error: unknown) => {
        throw new PlainFailure(`The sandbox at ${this.control} does not answer.`, { cause: error });
      },
    );
    return answer.parse(JSON.parse(text));
  }
}

/** A row of the bank's books for people. */
export function displayRow(row: LedgerRow): string {
  const amount = displayMoney({ amountMinor: row.amount, currency: 'KZT' });
  switch (row.kind) {
    case 'payment':
      return `payment ${row.id} of ${amount}: ${row.status}`;
    case 'invoice':
      return `invoice ${row.id} of ${amount} to …${row.phone_ends ?? ''} "${row.comment ?? ''}": ${row.status}`;
    case 'refund':
      return `refund ${row.id} of ${amount}, of payment ${row.payment_id ?? ''}: ${row.status}`;
    case 'refund_code':
      return `refund code ${row.id}, scanned by ${row.buyer ?? 'nobody'}: ${row.status}`;
  }
}
