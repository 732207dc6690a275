import type { Mode } from '@tolem/contracts';
import { checkTaxId, type Country, type Currency, idFromUuid, type TaxIdKind, type TaxIdRefusal } from '@tolem/domain';
import type { z } from 'zod';
import { type ApiProblem, unprocessable } from '../http/api-problem.ts';
import type { organizationView } from './organization.schema.ts';

export interface OrganizationRow {
  readonly id: string;
  readonly tenant_id: string;
  readonly mode: Mode;
  readonly country: Country;
  readonly tax_id: string;
  readonly tax_id_kind: TaxIdKind;
  readonly name: string;
  readonly timezone: string;
  readonly max_amount: number;
  readonly archived_at: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
}

export const ORGANIZATION_COLUMNS =
  'id, tenant_id, mode, country, tax_id, tax_id_kind, name, timezone, max_amount, archived_at, created_at, updated_at';

const CURRENCY_OF: Readonly<Record<Country, Currency>> = { KZ: 'KZT', RU: 'RUB' };

/** Time zone of an organization that names none. */
export const DEFAULT_TIMEZONE: Readonly<Record<Country, string>> = { KZ: 'Asia/Almaty', RU: 'Europe/Moscow' };

/** An organization as it is shown. */
export function organizationOf(row: OrganizationRow): z.output<typeof organizationView> {
  return {
    id: idFromUuid('org', row.id),
    object: 'organization',
    country: row.country,
    tax_id: row.tax_id,
    tax_id_kind: row.tax_id_kind,
    name: row.name,
    timezone: row.timezone,
    max_amount: row.max_amount,
    currency: CURRENCY_OF[row.country],
    status: row.archived_at === null ? 'active' : 'archived',
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  };
}

const REFUSALS: Readonly<Record<TaxIdRefusal, Readonly<Record<Country, string>>>> = {
  FORMAT: {
    KZ: 'A BIN or IIN is exactly 12 digits.',
    RU: 'An INN is 10 digits for a legal entity or 12 for a person.',
  },
  CONTROL_DIGIT: {
    KZ: 'The control digit is wrong: check for a mistyped or swapped digit.',
    RU: 'A control digit is wrong: check for a mistyped or swapped digit.',
  },
  NEVER_ISSUED: {
    KZ: 'Such a number is never issued: both passes of its control digit give 10.',
    RU: 'Such a number is never issued.',
  },
  KIND: {
    KZ: 'The fifth digit says neither person nor organization, so this is neither a BIN nor an IIN.',
    RU: 'This is no INN.',
  },
};

/** The tax id as it is kept, and of which kind it is; 422 where it is none of that country. */
export function validTaxId(of: { readonly country: Country; readonly tax_id: string }): {
  readonly value: string;
  readonly kind: TaxIdKind;
} {
  const check = checkTaxId(of.country, of.tax_id);
  if (!check.ok) throw taxIdInvalid(of.country, check.reason);
  return check;
}

/** 422 that says in plain words what is wrong with a tax id. */
export function taxIdInvalid(country: Country, reason: TaxIdRefusal, pointer = '/tax_id'): ApiProblem {
  const detail = REFUSALS[reason][country];
  const problem = unprocessable('tax_id_invalid', pointer, detail, { extra: { reason } });
  return problem;
}
