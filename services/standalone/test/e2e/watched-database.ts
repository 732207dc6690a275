import { Database } from '@tolem/persistence';
import { type TestDatabase, waitFor } from '@tolem/testing';
import { SCHEMAS } from './house-database.ts';
import { ON_THE_BUS } from './planted-values.ts';

/** A table with all its rows as text. */
export interface TableText {
  readonly table: string;
  readonly text: string;
}

/** The house's database behind its back: every row of it, every message that left it, and trouble on demand. */
export class WatchedDatabase {
  private constructor(private readonly admin: Database) {}

  /** Rows leave an outbox within moments, so a trigger keeps a copy of each; those that a spec puts there are its own. */
  static async of(database: TestDatabase): Promise<WatchedDatabase> {
    const admin = await Database.connect({ url: database.adminUrl, applicationName: 'spec' });
    await admin.query('CREATE SCHEMA watch');
    await admin.query('CREATE TABLE watch.message (content jsonb)');
    await admin.query(`CREATE FUNCTION watch.keep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
      BEGIN INSERT INTO watch.message VALUES (to_jsonb(NEW)); RETURN NEW; END $$`);
    for (const schema of SCHEMAS) {
      await admin.query(`CREATE TRIGGER watched AFTER INSERT ON ${schema}.outbox FOR EACH ROW
        WHEN (NEW.headers ->> 'ce_source' <> 'spec') EXECUTE FUNCTION watch.keep()`);
    }
    return new WatchedDatabase(admin);
  }

  close(): Promise<void> {
    return this.admin.close();
  }

  /** While `work` runs the tables refuse every row for which the check is false, as a mistake of ours would make them. */
  async refusing(
    checks: readonly (readonly [table: string, check: string])[],
    work: () => Promise<void>,
  ): Promise<void> {
    for (const [table, check] of checks) {
      await this.admin.query(`ALTER TABLE ${table} ADD CONSTRAINT refused_by_spec CHECK (${check}) NOT VALID`);
    }
    await work();
    for (const [table] of checks) await this.admin.query(`ALTER TABLE ${table} DROP CONSTRAINT refused_by_spec`);
  }

  /** Messages that their consumers cannot read, put where a broken release would put them. */
  async buryLetters(tenant: string): Promise<void> {
    const { busName, busPhone, busToken } = ON_THE_BUS;
    const people = { phone: busPhone, customer_name: busName, device_token: busToken };
    const subject = 'pay_00000000000000000000000000';
    const letters = [
      ['events', 'gateway', 'payment.state', { ...people, subject_id: busToken, phase: people, seq: busPhone }],
      ['events', 'gateway', 'connection.state', { ...people, health: [busName], trade_points: busPhone }],
      ['events', 'gateway', 'device.state', people],
      ['commands.kaspi', 'kaspi', 'payment.start', { ...people, amount: busPhone, method: busName }],
    ] as const;
    for (const [topic, consumer, type, body] of letters) {
      const headers = {
        ...{ ce_id: `letter-${type}`, ce_type: type, ce_source: 'spec', ce_subject: subject },
        ...{ ce_time: new Date().toISOString(), tenant, mode: 'test', schema: 1 },
      };
      await this.admin.query(
        `INSERT INTO gateway.outbox (id, topic, consumer, key, headers, body, created_at)
         VALUES (gen_random_uuid(), $1, $2, $3, $4, $5, now() - interval '5 s')`,
        [topic, consumer, subject, JSON.stringify(headers), JSON.stringify(body)],
      );
    }
    await waitFor('the dead letters', async () => {
      const rows = await this.admin.query(
        `SELECT 1 FROM gateway.dead_letter WHERE headers ->> 'ce_id' LIKE 'letter-%'
         UNION ALL SELECT 1 FROM kaspi.dead_letter WHERE headers ->> 'ce_id' LIKE 'letter-%'`,
      );
      return rows.length === letters.length;
    });
  }

  /** Why messages were given up. */
  async reasons(): Promise<readonly string[]> {
    const rows = await this.admin.query<{ reason: string }>(
      SCHEMAS.map((schema) => `SELECT reason FROM ${schema}.dead_letter`).join(' UNION ALL '),
    );
    return rows.map(({ reason }) => reason);
  }

  /** Every table of every service, and the copies of messages. */
  async dump(): Promise<readonly TableText[]> {
    const all = await this.admin.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname = ANY ($1) ORDER BY 1`,
      [[...SCHEMAS, 'vault', 'watch']],
    );
    return Promise.all(
      all.map(async ({ name }) => {
        const rows = await this.admin.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
        return { table: name, text: rows.map(({ row }) => row).join('\n') };
      }),
    );
  }
}
