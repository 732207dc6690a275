import { pipeline } from 'node:stream/promises';
import { CsvError, Parser } from 'csv-parse';
import { csvRefused, csvText } from './csv-text.ts';

/** One record of a CSV file; `line` is where it begins, counted from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

export interface CsvLimits {
  readonly bytes: number;
  /** Records, the header among them; empty lines do not count. */
  readonly records: number;
  /** Of one record. */
  readonly fields: number;
  /** Of the fields of one record together. */
  readonly recordCharacters: number;
}

/**
 * Reads RFC 4180 text, record by record, whatever the pieces it comes in. The delimiter is `;` or `,`: the one that the first
 * line has more of, as spreadsheets of different countries write one or the other. A quote that does not begin or end a
 * field is a mistake and no content.
 * @throws ApiProblem 400 `invalid_csv` that names the line, 413 beyond `limits.bytes`
 */
export async function readCsv(
  bytes: AsyncIterable<Uint8Array>,
  limits: CsvLimits,
  take: (record: CsvRecord) => void,
): Promise<void> {
  const texts = csvText(bytes, limits.bytes);
  const head = await headOf(texts, limits.recordCharacters);
  const lines = new RecordLines(limits);
  const parser = new Parser({
    delimiter: delimiterOf(head),
    record_delimiter: '\n',
    skip_empty_lines: true,
    relax_column_count: true,
    max_record_size: limits.recordCharacters,
    cast: (field, { index, lines: line }) => {
      if (index < limits.fields) return field;
      throw csvRefused(line, 'too_many_fields', `a record of more than ${limits.fields} fields`);
    },
    // Taken where it is read, so that nothing but the record in work is kept, and a mistake is known by its line.
    on_record: (fields, end) => {
      take(lines.record(fields, end));
      return null;
    },
  });
  try {
    await pipeline(async function* () {
      yield head;
      yield* texts;
    }, parser);
  } catch (error) {
    throw error instanceof CsvError ? lines.refusal(error.code, parser.info) : error;
  }
}

interface Place {
  readonly lines: number;
  readonly empty_lines: number;
}

/** Knows on which line a record begins: the parser tells only where it is. */
class RecordLines {
  #records = 0;
  #last: Place = { lines: 0, empty_lines: 0 };

  constructor(private readonly limits: CsvLimits) {}

  record(fields: readonly string[], end: Place): CsvRecord {
    const line = this.#begin(end);
    this.#last = { lines: end.lines, empty_lines: end.empty_lines };
    this.#records += 1;
    if (this.#records <= this.limits.records) return { line, fields };
    const detail = `the file may have at most ${this.limits.records - 1} rows beside the header`;
    throw csvRefused(line, 'too_many_records', detail);
  }

  refusal(code: string, now: Place): Error {
    switch (code) {
      case 'CSV_QUOTE_NOT_CLOSED':
        return csvRefused(this.#begin(now), 'quote_unclosed', 'a quote of the record that begins here is never closed');
      case 'CSV_MAX_RECORD_SIZE': {
        const detail = `a record of more than ${this.limits.recordCharacters} characters begins here`;
        return csvRefused(this.#begin(now), 'record_too_long', detail);
      }
      case 'CSV_INVALID_CLOSING_QUOTE':
        return csvRefused(now.lines, 'quote_misplaced', `text after the quote that closes a field: ${QUOTES}`);
      case 'INVALID_OPENING_QUOTE':
        return csvRefused(now.lines, 'quote_misplaced', `a quote in the middle of a field: ${QUOTES}`);
      default:
        return csvRefused(now.lines, 'unreadable', 'this is no CSV');
    }
  }

  /** Of the record that is being read; between records there are only empty lines. */
  #begin(now: Place): number {
    return this.#last.lines + 1 + now.empty_lines - this.#last.empty_lines;
  }
}

const QUOTES = 'put the field into quotes and write quotes twice';

/** What is there of the first line, and maybe of more. */
async function headOf(texts: AsyncIterator<string>, most: number): Promise<string> {
  let head = '';
  while (!head.includes('\n') && head.length <= most) {
    const next = await texts.next();
    if (next.done === true) break;
    head += next.value;
  }
  return head;
}

function delimiterOf(head: string): ',' | ';' {
  const [first = ''] = head.split('\n', 1);
  return first.split(';').length > first.split(',').length ? ';' : ',';
}
