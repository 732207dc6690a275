import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { idFromUuid, uuidFromId } from '@tolem/domain';
import { PlainFailure } from '@tolem/local-stack';
import pg from 'pg';
import type { OpenHouse } from './bench-house.ts';

/** Ids of the bank below all that it gives itself. */
const FIRST_BANK_ID = 16_000_000_000;
const LIFE_MS = 3_600_000;
const AMOUNT_MINOR = 149_000;
const ROWS_PER_STATEMENT = 5_000;
const STATEMENT_TIMEOUT_MS = 60_000;
const DEMO_TAX_ID = '260360000051';

interface Waiting {
  uuid: string;
  /** Ours. */
  payment: string;
  bankId: string;
}

/**
 * Payments whose QR stands on tills and that nobody pays: in the books of the bank and in the tables of the services as if
 * they had been made a moment ago, with timers of an hour. Making so many one by one would take longer than measuring them.
 */
export class WaitingPayments {
  private readonly payments: readonly Waiting[];
  private readonly intervalMs: number;
  private readonly bornMs = Date.now();

  private constructor(payments: readonly Waiting[], intervalMs: number) {
    this.payments = payments;
    this.intervalMs = intervalMs;
  }

  static of({ payments, interval }: { payments: number; interval: number }): WaitingPayments {
    const all = Array.from({ length: payments }, (_, at) => {
      const uuid = randomUUID();
      return { uuid, payment: idFromUuid('pay', uuid), bankId: String(FIRST_BANK_ID + at) };
    });
    return new WaitingPayments(all, interval * 1_000);
  }

  get count(): number {
    return this.payments.length;
  }

  /** The sandbox reads its books from there when it starts. */
  async writeBankBooks(folder: string): Promise<void> {
    await mkdir(folder, { recursive: true });
    const { payments, intervalMs, bornMs } = this;
    const lines = function* (): Generator<string> {
      yield line({ t: 'begin', nextId: FIRST_BANK_ID, seq: 0 });
      yield line({ t: 'autopilot', timing: null });
      for (const { payment, bankId } of payments) {
        yield line({
          ...{ t: 'purchase', id: Number(bankId), kind: 'qr', bin: DEMO_TAX_ID, tradePointId: 1 },
          ...{ deviceToken: 'waiting', externalId: payment, amountMinor: AMOUNT_MINOR, atMs: bornMs },
          ...{ scanWaitMs: LIFE_MS, confirmWaitMs: LIFE_MS, cancelLagMs: 2_000, pollIntervalMs: intervalMs },
          ...{ silentUntilMs: 0, limboPolls: 0, plan: [] },
        });
      }
    };
    await pipeline(Readable.from(lines()), createWriteStream(join(folder, 'ledger.jsonl'), { mode: 0o600 }));
  }

  /** Rows of the gateway and of the kaspi service, as a start that went well leaves them. */
  async writeRows({ databaseUrl, chain }: Pick<OpenHouse, 'databaseUrl' | 'chain'>): Promise<void> {
    const client = new pg.Client({ connectionString: databaseUrl, statement_timeout: STATEMENT_TIMEOUT_MS });
    client.on('error', () => undefined);
    await client.connect();
    try {
      const connection = uuidFromId('con', chain.connection);
      for (let from = 0; from < this.payments.length; from += ROWS_PER_STATEMENT) {
        const some = this.payments.slice(from, from + ROWS_PER_STATEMENT);
        const until = new Date(this.bornMs + LIFE_MS).toISOString();
        const bankIds = some.map(({ bankId }) => bankId);
        const made = await client.query(PAYMENTS, [
          ...[some.map(({ uuid }) => uuid), bankIds],
          ...[connection, chain.desk, AMOUNT_MINOR, until],
        ]);
        if (made.rowCount !== some.length) throw new PlainFailure('The chain of this house has no desk to pay at.');
        await client.query(SUBJECTS, [
          ...[some.map(({ payment }) => payment), bankIds],
          ...[chain.tenant, chain.connection, until, JSON.stringify(this.record())],
        ]);
      }
      await client.query('ANALYZE gateway.payment');
      await client.query('ANALYZE kaspi.subject');
    } finally {
      await client.end();
    }
  }

  /** What libs/provider-kit keeps of an open payment (`PaymentRecord`). */
  private record(): object {
    return {
      ...{ method: 'kaspi_qr', amountMinor: AMOUNT_MINOR, currency: 'KZT', reference: null, tradePointRef: null },
      ...{ nextAction: { type: 'show_qr', qr: '1000' }, paymentMethods: [], slip: null, cancel: null, failure: null },
      evidence: 'stated',
      waiting: { intervalMs: this.intervalMs, confirmWithinMs: LIFE_MS, until: this.bornMs + LIFE_MS },
    };
  }
}

const line = (record: object): string => `${JSON.stringify(record)}\n`;

const PAYMENTS = `
INSERT INTO gateway.payment (id, tenant_id, mode, organization_id, connection_id, connection_version, desk_id, desk,
                             provider, method, amount, currency, status, provider_seq, start_by, expires_at, idem_key,
                             idem_hash, provider_ref, next_action, created_at, updated_at)
SELECT new.id, c.tenant_id, c.mode, c.organization_id, c.id, c.version, d.id, d.external_id,
       c.provider, 'kaspi_qr', $5, 'KZT', 'requires_customer', 1, now(), $6::timestamptz, 'waiting-' || new.bank_id,
       'waiting', new.bank_id, '{"type": "show_qr", "qr": "1000"}', now(), now()
  FROM unnest($1::uuid[], $2::text[]) AS new (id, bank_id)
  JOIN gateway.connection c ON c.id = $3::uuid
  JOIN gateway.desk d ON d.organization_id = c.organization_id AND d.external_id = $4 AND d.deleted_at IS NULL`;

const SUBJECTS = `
INSERT INTO kaspi.subject (id, tenant, mode, connection_id, kind, phase, seq, provider_ref, look_at, data)
SELECT new.id, $3, 'test', $4, 'payment', 'requires_customer', 1, new.bank_id, $5::timestamptz, $6::jsonb
  FROM unnest($1::text[], $2::text[]) AS new (id, bank_id)`;
