import { z } from 'zod';

const HAND_MS = 10_000;

const row = z.looseObject({
  ...{ kind: z.enum(['payment', 'invoice', 'refund', 'refund_code']), id: z.string(), tax_id: z.string() },
  ...{ external_id: z.string().nullable(), payment_id: z.string().nullable(), comment: z.string().nullable() },
  ...{ amount: z.int(), status: z.string(), by: z.string().nullable() },
  calls: z.array(z.looseObject({ call: z.string() })),
});
export type BankRow = z.output<typeof row>;

const issued = z.looseObject({
  ...{ certificate: z.string(), root: z.string(), intermediate: z.string() },
  private_key: z.string().optional(),
});
export type IssuedByMail = z.output<typeof issued>;

const invoice = z.looseObject({ status: z.string(), questions: z.array(z.string()), by_timer: z.boolean() });

/** The simulated bank from its own side: its buyers' hands, its books, its mail desk. */
export class BankOffice {
  constructor(private readonly control: string) {}

  /** From now on nobody pays by himself. */
  async sendBuyersAway(): Promise<void> {
    await this.call('PUT', '/autopilot', z.unknown(), { kaspi: null });
  }

  async scanAndConfirm(purchase: string, buyer: string): Promise<void> {
    await this.call('POST', `/kaspi/payments/${purchase}/scan`, z.unknown(), { buyer });
    await this.call('POST', `/kaspi/payments/${purchase}/confirm`, z.unknown(), { buyer });
  }

  async scanRefundCode(code: string, buyer: string): Promise<void> {
    await this.call('POST', `/kaspi/returns/${code}/scan`, z.unknown(), { buyer });
  }

  async answerInvoice(purchase: string, answer: 'pay' | 'reject'): Promise<void> {
    await this.call('POST', `/kaspi/invoices/${purchase}/${answer}`, z.unknown(), {});
  }

  invoice(purchase: string): Promise<z.output<typeof invoice>> {
    return this.call('GET', `/kaspi/invoices/${purchase}`, invoice);
  }

  ledger(): Promise<BankRow[]> {
    return this.call('GET', '/ledger', z.array(row));
  }

  async row(id: string): Promise<BankRow | undefined> {
    return (await this.ledger()).find((one) => one.id === id);
  }

  /** What comes back by mail; without a request the bank makes the key. */
  issue(order: { csr?: string; tax_id?: string; days?: number }): Promise<IssuedByMail> {
    return this.call('POST', '/kaspi/certificates', issued, order);
  }

  private async call<S extends z.ZodType>(method: string, path: string, view: S, body?: object): Promise<z.output<S>> {
    const answer = await fetch(new URL(path, this.control), {
      method,
      signal: AbortSignal.timeout(HAND_MS),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the bank answered ${answer.status} to ${method} ${path}: ${text}`);
    return view.parse(text === '' ? null : JSON.parse(text));
  }
}
