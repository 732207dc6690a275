import { z } from 'zod';
import { codeOf, CONFIGURABLE_CLASSES, type ExtraKaspiCodes } from './codes.ts';
import {
  type ExtraKaspiReturnStatuses,
  type ExtraKaspiStatuses,
  KASPI_RETURN_STATUS_MEANINGS,
  KASPI_STATUS_MEANINGS,
  returnStatusMeaning,
  statusMeaning,
} from './statuses.ts';

/*
 * What an operator tells, as JSON text, of words and codes that this release does not know. What the bank's document
 * describes keeps its meaning, and a configuration that says otherwise stops the start: a word or a code that is taken for
 * another would tell of money that never came, or have it paid or returned twice.
 */

const MAX_WORD_CHARACTERS = 64;
/** Int64, with its sign. */
const STATUS_CODE = /^[+-]?\d{1,19}$/;

/** `{"SomeNewStatus": "pending"}`: words of a purchase. */
export const statusMeanings: z.ZodType<ExtraKaspiStatuses> = wordMeanings(KASPI_STATUS_MEANINGS, statusMeaning);

/** `{"CustomerKnown": "identified"}`: words of a refund code. */
export const returnStatusMeanings: z.ZodType<ExtraKaspiReturnStatuses> = wordMeanings(
  KASPI_RETURN_STATUS_MEANINGS,
  returnStatusMeaning,
);

/** `{"-77777": "temporary"}`: StatusCodes in any spelling, by their canonical one when read. */
export const codeMeanings: z.ZodType<ExtraKaspiCodes> = jsonText()
  .pipe(z.record(z.string().max(MAX_WORD_CHARACTERS), z.enum(CONFIGURABLE_CLASSES)))
  .transform((named, context) => {
    const rows = Object.entries(named).map(([name, meaning]) => ({ name, meaning, code: codeOf(name) }));
    const canonical = Object.fromEntries(rows.map(({ code, meaning }) => [code.statusCode, meaning]));
    for (const { name, meaning, code } of rows) {
      if (!STATUS_CODE.test(name)) context.addIssue(`names ${name}, which is no StatusCode`);
      else if (code.class !== 'unlisted') context.addIssue(described(name));
      else if (canonical[code.statusCode] !== meaning) context.addIssue(`names ${name} twice`);
    }
    return canonical;
  });

function wordMeanings<M extends string>(
  meanings: readonly M[],
  meaningOf: (word: string, extra: Readonly<Record<string, M>>) => M | 'pending',
): z.ZodType<Readonly<Record<string, M>>> {
  return jsonText()
    .pipe(z.record(z.string().max(MAX_WORD_CHARACTERS), z.enum(meanings)))
    .superRefine((named, context) => {
      for (const [word, meaning] of Object.entries(named)) {
        if (meaningOf(word, named) !== meaning) context.addIssue(described(word));
      }
    });
}

function described(name: string): string {
  return `names ${name}, whose meaning the bank itself has stated`;
}

function jsonText() {
  return z.string().transform((text, context): unknown => {
    try {
      return JSON.parse(text) as unknown;
    } catch {
      context.addIssue('is not JSON');
      return z.NEVER;
    }
  });
}
