import { z } from 'zod';

const ANSWER_TIMEOUT_MS = 30_000;

const issued = z.looseObject({ certificate: z.string(), private_key: z.string(), intermediate: z.string() });

const health = z.looseObject({ kaspi: z.looseObject({ faults_used: z.int() }) });

export interface IssuedPair {
  certificate: string;
  private_key: string;
}

/** What the bank's own people do, over the sandbox's control port. */
export class BankBackOffice {
  private readonly control: string;
  private readonly signal: AbortSignal;

  constructor(control: string, signal: AbortSignal) {
    this.control = control;
    this.signal = signal;
  }

  /** A client certificate of the bank's authority, with a key that the bank has made. */
  async issuePair(): Promise<IssuedPair> {
    const { certificate, private_key, intermediate } = issued.parse(await this.ask('POST', '/kaspi/certificates', {}));
    return { certificate: `${certificate}\n${intermediate}`, private_key };
  }

  /** The next answer to `call` about the bank's payment `id` is spoilt, once. */
  async spoil(call: string, fault: 'lost_before' | 'lost_after', id: string): Promise<void> {
    await this.ask('PUT', '/faults', { provider: 'kaspi', call, fault, times: 1, match: { id } });
  }

  /** How many answers have been spoilt so far. */
  async spoilt(): Promise<number> {
    return health.parse(await this.ask('GET', '/health')).kaspi.faults_used;
  }

  private async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(new URL(path, this.control), {
      method,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      signal: AbortSignal.any([this.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status} to ${method} ${path}: ${text}`);
    return JSON.parse(text);
  }
}
