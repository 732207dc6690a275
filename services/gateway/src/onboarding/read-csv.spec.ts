import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ApiProblem } from '../http/api-problem.ts';
import { type CsvRecord, readCsv } from './read-csv.ts';

const LIMITS = { bytes: 200_000, records: 100, fields: 20, recordCharacters: 2_000 };

async function* pieces(parts: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* parts;
}

async function read(...parts: Uint8Array[]): Promise<CsvRecord[]> {
  const records: CsvRecord[] = [];
  await readCsv(pieces(parts), LIMITS, (record) => records.push(record));
  return records;
}

const fields = async (text: string): Promise<(readonly string[])[]> =>
  (await read(Buffer.from(text))).map((record) => record.fields);

async function mistake(text: string): Promise<string> {
  try {
    await read(Buffer.from(text));
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const [only] = error.options.errors ?? [];
    return `${only?.pointer ?? ''}: ${only?.code ?? error.code}`;
  }
  return 'none';
}

/** Cuts bytes into pieces at these places, also in the middle of a letter. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const at = [0, ...[...places].map((place) => place % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, index) => bytes.subarray(at[index], end));
}

describe('CSV', () => {
  it('gives back any table with the lines of its records, whatever the pieces it arrives in, the delimiter and the line ends', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'Ж', '🙂', ' ', ',', ';', '"', '\n', "'"), maxLength: 6 });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    await fc.assert(
      fc.asyncProperty(
        table,
        fc.constantFrom(',', ';'),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 8 }),
        async (rows, delimiter, lineEnd, lastLineEnd, places) => {
          const header = rows[0]?.map((_, at) => `c${at}`) ?? [];
          const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`));
          const text = [header, ...quoted].map((row) => row.join(delimiter)).join('\n') + (lastLineEnd ? '\n' : '');
          const records = await read(...cut(Buffer.from(text.replaceAll('\n', lineEnd)), places));
          expect(records.map((record) => record.fields)).toEqual([header, ...rows]);
          const heights = rows.map((row) => row.join('').split('\n').length);
          const begins = heights.map((_, at) => 2 + heights.slice(0, at).reduce((sum, height) => sum + height, 0));
          expect(records.map((record) => record.line)).toEqual([1, ...begins]);
        },
      ),
    );
  });

  it('takes the delimiter that its first line has more of', async () => {
    expect(await fields('a;b,c;d\n1;2;3')).toEqual([
      ['a', 'b,c', 'd'],
      ['1', '2', '3'],
    ]);
    expect(await fields('a,b\n1;2,3')).toEqual([
      ['a', 'b'],
      ['1;2', '3'],
    ]);
  });

  it.each(['\n', '\r\n', '\r'])(
    'keeps empty fields, drops empty lines and knows on which line a record begins, with %j',
    async (lineEnd) => {
      const text = '\na,b\n\n\n"1\n1",\n,2\n\n'.replaceAll('\n', lineEnd);
      expect(await read(Buffer.from(text))).toEqual([
        { line: 2, fields: ['a', 'b'] },
        { line: 5, fields: ['1\n1', ''] },
        { line: 7, fields: ['', '2'] },
      ]);
      expect(await read(Buffer.from(''))).toEqual([]);
    },
  );

  it.each([
    ['a quote that is never closed', 'a,b\n1,"2\n3,4\n', 'line 2: quote_unclosed'],
    ['text after a quote', 'a,b\n"1"x,2', 'line 2: quote_misplaced'],
    ['a quote within a field', 'a,b\n1,2\n3,4"5"', 'line 3: quote_misplaced'],
    ['the same after a line end in quotes', 'a,b\r\n"1\r\n2",2\r\n3,4"5"', 'line 4: quote_misplaced'],
    ['a NUL', 'a,b\n1,2\u0000', 'line 2: control_character'],
    ['a long record', `a,b\n\n1,${'x'.repeat(2_010)}`, 'line 3: record_too_long'],
    ['a long header', 'x'.repeat(2_010), 'line 1: record_too_long'],
    ['a quoted field of many lines', `a,b\n1,"${'\n'.repeat(2_010)}`, 'line 2: record_too_long'],
    ['many fields', `a,b\n${','.repeat(100_000)}`, 'line 2: too_many_fields'],
    ['one record too many', 'a\n'.repeat(101), 'line 101: too_many_records'],
    ['nothing too much', 'a\n'.repeat(100), 'none'],
  ])('that cannot be read names the line: %s', async (_, text, expected) => {
    expect(await mistake(text)).toBe(expected);
  });

  it('is refused where it is too large, whatever the pieces it arrives in', async () => {
    const large = Buffer.alloc(LIMITS.bytes + 1, '\n');
    for (const places of [[], [100, 1_000]]) {
      await expect(read(...cut(large, places))).rejects.toMatchObject({ status: 413, code: 'body_too_large' });
    }
    expect(await read(large.subarray(1))).toEqual([]);
  });
});
