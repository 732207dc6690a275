import { type BulkColumn, bulkHeader, type BulkRow, bulkRow } from './bulk-row.ts';
import { csvRefused } from './csv-text.ts';
import { readCsv } from './read-csv.ts';

export const MAX_FILE_BYTES = 50 * 1024 * 1024;
export const MAX_ROWS = 10_000;
const LIMITS = { bytes: MAX_FILE_BYTES, records: MAX_ROWS + 1, fields: 64, recordCharacters: 4_096 };

/**
 * Reads a whole file before anything is done with it: a file that cannot be read to its end changes nothing, and a slow
 * database does not hold the upload up. What is kept of it is bounded by rows and their lengths.
 * @throws ApiProblem that names the line
 */
export async function readBulkFile(bytes: AsyncIterable<Uint8Array>): Promise<BulkRow[]> {
  const rows: BulkRow[] = [];
  let columns: readonly BulkColumn[] | undefined;
  await readCsv(bytes, LIMITS, (record) => {
    if (columns === undefined) columns = bulkHeader(record);
    else rows.push(bulkRow(record, columns));
  });
  if (columns === undefined) throw csvRefused(1, 'empty_file', 'there is no header');
  return contradicted(rows);
}

/**
 * An organization may have several rows, one for each desk. What they say of the organization itself must be the same, or
 * every upload of the file would change it to and fro.
 */
function contradicted(rows: readonly BulkRow[]): BulkRow[] {
  const said = new Map<string, { readonly value: unknown; readonly line: number }>();
  const saidElsewhere = (key: string, value: unknown, line: number): number | undefined => {
    const earlier = said.get(key);
    if (earlier === undefined && value !== undefined) said.set(key, { value, line });
    return earlier === undefined || value === undefined || earlier.value === value ? undefined : earlier.line;
  };
  return rows.map((row) => {
    const { fields, line } = row;
    if (fields === undefined) return row;
    const organization = `${fields.country} ${fields.tax_id}`;
    for (const column of OF_THE_ORGANIZATION) {
      const other = saidElsewhere(`${organization} ${column}`, fields[column], line);
      if (other !== undefined) return refused(row, 'contradicts_another_row', `Line ${other} says otherwise.`, column);
    }
    const twin = fields.desk === undefined ? undefined : saidElsewhere(`desk ${fields.desk}`, line, line);
    return twin === undefined ? row : refused(row, 'repeated_desk', `Line ${twin} has this desk.`, 'desk');
  });
}

const OF_THE_ORGANIZATION = ['name', 'provider', 'scheme', 'certificate', 'max_amount'] as const satisfies BulkColumn[];

function refused(row: BulkRow, code: string, detail: string, column: BulkColumn): BulkRow {
  return { ...row, fields: undefined, errors: [{ code, detail, pointer: `/${column}` }] };
}
