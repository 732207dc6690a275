import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CsvError, CsvRecords, type CsvRecord } from './csv-records.ts';

const LIMITS = { records: 100, recordCharacters: 2_000 };

function read(pieces: readonly string[], limits = LIMITS): CsvRecord[] {
  const records = new CsvRecords(limits);
  return [...pieces.flatMap((piece) => records.push(piece)), ...records.end()];
}

const fields = (text: string): (readonly string[])[] => read([text]).map((record) => record.fields);

function mistake(text: string, limits = LIMITS): string {
  try {
    read([text], limits);
  } catch (error) {
    if (error instanceof CsvError) return `line ${error.line}: ${error.problem}`;
    throw error;
  }
  return 'none';
}

/** Cuts a text into pieces at these places. */
function cut(text: string, places: readonly number[]): string[] {
  const at = [0, ...[...places].map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return at.slice(1).map((end, index) => text.slice(at[index], end));
}

describe('CSV', () => {
  it('gives back any table, whatever the pieces it arrives in, the delimiter and the line ends', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'Ж', '🙂', ' ', ',', ';', '"', '\n', "'"), maxLength: 6 });
    const table = fc
      .integer({ min: 2, max: 4 })
      .chain((width) =>
        fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 6 }),
      );
    fc.assert(
      fc.property(
        table,
        fc.constantFrom(',', ';'),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 8 }),
        (rows, delimiter, lineEnd, lastLineEnd, places) => {
          const header = rows[0]?.map((_, at) => `c${at}`) ?? [];
          const quoted = rows.map((row) => row.map((text) => `"${text.replaceAll('"', '""')}"`));
          const text =
            [header, ...quoted].map((row) => row.join(delimiter)).join(lineEnd) + (lastLineEnd ? lineEnd : '');
          expect(read(cut(text, places)).map((record) => record.fields)).toEqual([header, ...rows]);
        },
      ),
    );
  });

  it('takes the delimiter that its first line has more of', () => {
    expect(fields('a;b,c;d\n1;2;3')).toEqual([
      ['a', 'b,c', 'd'],
      ['1', '2', '3'],
    ]);
    expect(fields('a,b\n1;2,3')).toEqual([
      ['a', 'b'],
      ['1;2', '3'],
    ]);
  });

  it('keeps empty fields, drops empty lines and knows on which line a record begins', () => {
    expect(read(['a,b\n\n\n"1\n1",\n,2\n\n'])).toEqual([
      { line: 1, fields: ['a', 'b'] },
      { line: 4, fields: ['1\n1', ''] },
      { line: 6, fields: ['', '2'] },
    ]);
    expect(read([''])).toEqual([]);
  });

  it.each([
    ['a,b\n1,"2\n3,4\n', 'line 2: quote_unclosed'],
    ['a,b\n"1"x,2', 'line 2: quote_misplaced'],
    ['a,b\n1,2\n3,4"5"', 'line 3: quote_misplaced'],
    ['a,b\n1,2\u0000', 'line 2: control_character'],
    [`a,b\n1,${'x'.repeat(2_000)}`, 'line 2: record_too_long'],
    ['x'.repeat(2_001), 'line 1: record_too_long'],
    [`a,b\n1,"${'\n'.repeat(2_000)}`, 'line 2: record_too_long'],
    ['a\n'.repeat(101), 'line 101: too_many_records'],
  ])('that cannot be read names the line: %j', (text, expected) => {
    expect(mistake(text)).toBe(expected);
    expect(mistake('a\n'.repeat(100))).toBe('none');
  });
});
