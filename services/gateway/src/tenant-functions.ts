import { Inject, Injectable } from '@nestjs/common';
import type { Database } from '@tolem/persistence';
import type { KeyAuth } from './http/auth.ts';
import { APP_DATABASE } from './tokens.ts';

/** Calls of the public API that are one SQL function each: one statement, one round trip, the tenant set inside. */
@Injectable()
export class TenantFunctions {
  constructor(@Inject(APP_DATABASE) private readonly db: Database) {}

  /** Calls one of the functions; the values of the rows that it gives. */
  async call<T>(name: string, caller: KeyAuth, parameters: Readonly<Record<string, unknown>>): Promise<T[]> {
    const p = { tenant: caller.tenantId, mode: caller.mode, organizations: caller.organizations, ...parameters };
    const rows = await this.db.query<{ answer: T }>(`SELECT answer FROM ${name}($1::jsonb) AS answer`, [
      JSON.stringify(p),
    ]);
    return rows.map((row) => row.answer);
  }

  /** The one value of a function that always gives one. */
  async one<T>(name: string, caller: KeyAuth, parameters: Readonly<Record<string, unknown>>): Promise<T> {
    const [answer] = await this.call<T>(name, caller, parameters);
    if (answer === undefined) throw new Error(`${name} gave no answer`);
    return answer;
  }
}
