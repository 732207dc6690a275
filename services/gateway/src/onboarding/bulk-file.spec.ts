import { describe, expect, it } from '@jest/globals';
import { ApiProblem } from '../http/api-problem.ts';
import type { BulkRow } from './bulk-row.ts';
import { MAX_FILE_BYTES, readBulkFile } from './bulk-file.ts';

const HEADER = 'country,tax_id,name,scheme,certificate,desk,trade_point,max_amount\n';
const ROW = 'KZ,260141000010,Small Shops LLP,r3,crt_1,desk-01,41,100000\n';

async function* pieces(...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? new TextEncoder().encode(part) : part;
}

const read = (...parts: (string | Uint8Array)[]): Promise<BulkRow[]> => readBulkFile(pieces(...parts));

/** Status, code of the only error and its line. */
async function refusal(...parts: (string | Uint8Array)[]): Promise<string> {
  try {
    await read(...parts);
  } catch (error) {
    if (!(error instanceof ApiProblem)) throw error;
    const [only] = error.options.errors ?? [];
    return [error.status, only?.code ?? error.code, ...(only === undefined ? [] : [only.pointer])].join(' ');
  }
  return 'none';
}

describe('a file of organizations', () => {
  it('gives typed rows with their lines; an empty cell says nothing', async () => {
    expect(await read(`${HEADER}${ROW}\nkz, 260241000017 ,"Shops ""A"", LLP",,,,,\n`)).toEqual([
      {
        line: 2,
        taxId: '260141000010',
        errors: [],
        fields: {
          country: 'KZ',
          tax_id: '260141000010',
          name: 'Small Shops LLP',
          scheme: 'r3',
          certificate: 'crt_1',
          desk: 'desk-01',
          trade_point: '41',
          max_amount: 100_000,
        },
      },
      {
        line: 4,
        taxId: '260241000017',
        errors: [],
        fields: { country: 'KZ', tax_id: '260241000017', name: 'Shops "A", LLP' },
      },
    ]);
  });

  it('may have a byte order mark, semicolons, its columns in any order and letters cut in two on the way', async () => {
    const bytes = new TextEncoder().encode('\u{feff}Name;COUNTRY;tax_id\nДүкендер;KZ;260141000010\n');
    const parts = [...bytes].map((byte) => Uint8Array.of(byte));
    expect((await read(...parts)).map(({ fields }) => fields?.name)).toEqual(['Дүкендер']);
  });

  it.each([
    ['an empty file', [''], '400 empty_file line 1'],
    ['a file of empty lines', ['\n\n'], '400 empty_file line 1'],
    ['a column that is none', ['country,tax_id,name,color\n'], '400 unknown_column line 1'],
    ['data without a header', [ROW], '400 unknown_column line 1'],
    ['a column that is missing', ['country,name\n'], '400 missing_column line 1'],
    ['a column that is there twice', ['country,tax_id,name,name\n'], '400 repeated_column line 1'],
    ['Windows-1251', [HEADER, ROW, Buffer.from([0x4b, 0x5a, 0xcc, 0xe0, 0x2c])], '400 wrong_encoding line 3'],
    ['UTF-16', [Buffer.from(`\u{feff}${HEADER}`, 'utf16le')], '400 wrong_encoding line 1'],
    ['a letter cut off at the end', [HEADER, ROW, Buffer.from([0xd0])], '400 wrong_encoding line 3'],
    ['a quote that is never closed', [HEADER, 'KZ,260141000010,"Shops\n', ROW], '400 quote_unclosed line 2'],
    ['a line without end', [HEADER, 'x'.repeat(5_000)], '400 record_too_long line 2'],
    ['a line of nothing but commas', [HEADER, ROW, ','.repeat(5_000)], '400 too_many_fields line 3'],
    ['10 001 rows', [HEADER, ROW.repeat(10_001)], '400 too_many_records line 10002'],
  ])('is refused as a whole where it is %s', async (_, parts, expected) => {
    expect(await refusal(...parts)).toBe(expected);
  });

  it('says which field of the first line is no column, and not what stands in it: it may be somebody’s name', async () => {
    const problem: unknown = await read('country,tax_id,Тулегенова Айгерим\n').catch((error: unknown) => error);
    if (!(problem instanceof ApiProblem)) throw problem;
    const said = JSON.stringify([problem.message, problem.options]);
    expect(said).toContain('field 3 names no column');
    expect(said).not.toMatch(/тулегенова/i);
  });

  it('is refused beyond 50 MiB', async () => {
    expect(await refusal(HEADER, Buffer.alloc(MAX_FILE_BYTES, '\n'))).toBe('413 body_too_large');
  });

  it.each([
    ['KZ,260141000010\n', ['wrong_field_count null']],
    ['KZ,260141000010,,,,,,\n', ['too_small /name']],
    ['US,260141000010,Shops,,,,,1.5\n', ['invalid_value /country', 'invalid_format /max_amount']],
    ['KZ,260141000010,Shops,,,,,1e5\n', ['invalid_format /max_amount']],
    ['KZ,260141000010,Shops,,,,,0\n', ['too_small /max_amount']],
    [`KZ,260141000010,Shops,,,${'d'.repeat(129)},,\n`, ['too_big /desk']],
  ])('keeps a row that is wrong apart from the others: %s', async (line, expected) => {
    const [wrong, right] = await read(HEADER, line, ROW);
    expect(wrong?.errors.map(({ code, pointer }) => `${code} ${pointer ?? 'null'}`)).toEqual(expected);
    expect(wrong?.fields).toBeUndefined();
    expect(right?.fields?.desk).toBe('desk-01');
  });

  it('may name an organization once for each desk, but not in two ways', async () => {
    const rows = await read(
      HEADER,
      'KZ,260141000010,Shops,r3,crt_1,desk-1,,\n',
      'KZ,260141000010,Shops,,,desk-2,,\n',
      'KZ,260141000010,Shop,,,desk-3,,\n',
      'KZ,260141000010,Shops,,,desk-2,,\n',
      'KZ,260141000010,Shops,r3,crt_2,desk-4,,\n',
    );
    expect(
      rows.map(({ errors }) => errors.map(({ code, pointer, detail }) => `${code} ${pointer ?? ''} ${detail}`)),
    ).toEqual([
      [],
      [],
      ['contradicts_another_row /name Line 2 says otherwise.'],
      ['repeated_desk /desk Line 3 has this desk.'],
      ['contradicts_another_row /certificate Line 2 says otherwise.'],
    ]);
  });
});
