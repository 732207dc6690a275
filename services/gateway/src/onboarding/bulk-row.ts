import { MAX_JSON_AMOUNT_MINOR } from '@tolem/domain';
import { z } from 'zod';
import { createConnectionSchema } from '../connections/connection.schema.ts';
import { createDeskSchema } from '../desks/desk.schema.ts';
import { createOrganizationSchema } from '../organizations/organization.schema.ts';
import type { BulkError } from './bulk.schema.ts';
import { csvRefused } from './csv-text.ts';
import { wantedTradePoint } from './onboard-organization.schema.ts';
import type { CsvRecord } from './read-csv.ts';

/** An empty cell says nothing. */
const cell = <T extends z.ZodType>(schema: T) =>
  z.preprocess((value) => (value === '' ? undefined : value), schema.optional());

const { country, tax_id, name } = createOrganizationSchema.shape;
const { provider, scheme, certificate } = createConnectionSchema.shape;

const minorUnits = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a whole number of minor units: 100000000 is 1 000 000.00')
  .transform(Number)
  .pipe(z.int().min(1).max(MAX_JSON_AMOUNT_MINOR));

const rowSchema = z.object({
  country: z.string().toUpperCase().pipe(country),
  tax_id,
  name,
  provider: cell(provider),
  scheme: cell(scheme),
  certificate: cell(certificate),
  desk: cell(createDeskSchema.shape.desk),
  trade_point: cell(wantedTradePoint),
  max_amount: cell(minorUnits),
});

export type BulkFields = z.output<typeof rowSchema>;
export type BulkColumn = keyof BulkFields;

export const BULK_COLUMNS = Object.keys(rowSchema.shape) as readonly BulkColumn[];
const NEEDED: readonly BulkColumn[] = ['country', 'tax_id', 'name'];

/** A row of the file: what it asks for, or what is wrong with it. */
export interface BulkRow {
  readonly line: number;
  readonly taxId: string;
  readonly fields: BulkFields | undefined;
  readonly errors: readonly BulkError[];
}

/** The columns in the order of the file. @throws ApiProblem where the header is not one */
export function bulkHeader(record: CsvRecord): readonly BulkColumn[] {
  const names = record.fields.map((text) => text.trim().toLowerCase());
  const columns = names.map((text) => BULK_COLUMNS.find((column) => column === text));
  const unknown = columns.findIndex((column) => column === undefined);
  const list = `The columns are ${BULK_COLUMNS.join(', ')}`;
  if (unknown >= 0) {
    // Not what stands there: where the header was forgotten it is somebody's name.
    throw csvRefused(record.line, 'unknown_column', `field ${unknown + 1} names no column. ${list}`);
  }
  const known = columns.filter((column) => column !== undefined);
  const missing = NEEDED.filter((column) => !known.includes(column));
  if (missing.length > 0) {
    throw csvRefused(record.line, 'missing_column', `the header lacks ${missing.join(', ')}. ${list}`);
  }
  const twice = known.find((column, at) => known.indexOf(column) !== at);
  if (twice !== undefined) throw csvRefused(record.line, 'repeated_column', `the column ${twice} is there twice`);
  return known;
}

/** Reads one row; total. */
export function bulkRow(record: CsvRecord, columns: readonly BulkColumn[]): BulkRow {
  const { line, fields } = record;
  const cells = Object.fromEntries(columns.map((column, at) => [column, (fields[at] ?? '').trim()]));
  const taxId = String(cells['tax_id'] ?? '').slice(0, 32);
  if (fields.length !== columns.length) {
    const detail = `This row has ${fields.length} fields, the header has ${columns.length}.`;
    return { line, taxId, fields: undefined, errors: [{ code: 'wrong_field_count', detail, pointer: null }] };
  }
  const read = rowSchema.safeParse(cells);
  if (!read.success) {
    const errors = read.error.issues.map(({ message, path, code }) => ({
      code: code === 'custom' ? 'invalid' : code,
      detail: message,
      pointer: path.length === 0 ? null : `/${path.map(String).join('/')}`,
    }));
    return { line, taxId, fields: undefined, errors };
  }
  return { line, taxId, fields: read.data, errors: [] };
}
