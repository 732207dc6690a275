/**
 * Lines of a sale. Quantities are decimal text (`"1.125"` kg), money is minor units, and the arithmetic between them is done
 * in whole millionths of a minor unit, so that nothing is rounded before somebody decides to.
 */

export interface LineItem {
  name: string;
  /** The chain's own article number. */
  article?: string | undefined;
  /** Decimal text greater than 0, at most 9 digits before and 6 after the point. */
  quantity: string;
  /** Key of the table of units. */
  unit: string;
  /** Price of one unit. */
  priceMinor: number;
  /** What the buyer pays for the line. It may differ from quantity × price − discount; `lineSum` tells. */
  totalMinor: number;
  discountMinor?: number | undefined;
  /** Key of the table of taxes. */
  tax?: string | undefined;
}

export const MAX_ITEMS = 1_000;
/** A thousand wrong lines need not fill an answer. */
export const MAX_ITEM_PROBLEMS = 20;

export type ItemProblemCode =
  'items_empty' | 'too_many_items' | 'text_length' | 'quantity_format' | 'amount_range' | 'discount_above_price';

/** `pointer` is a JSON pointer relative to the list, in the public names: `/0/quantity`. */
export interface ItemProblem {
  pointer: string;
  code: ItemProblemCode;
  detail: string;
}

export type ItemsCheck = { ok: true; totalMinor: number } | { ok: false; problems: ItemProblem[] };

export interface LineSum {
  /** quantity × price − discount in millionths of a minor unit. */
  exactMicro: bigint;
  /** The same in minor units, halves away from zero. */
  roundedMinor: bigint;
  /** The line's total lies further than one minor unit from the exact sum: more than rounding explains. */
  totalDiffers: boolean;
}

const MICRO = 1_000_000n;
const QUANTITY = /^(0|[1-9][0-9]{0,8})(?:\.([0-9]{1,6}))?$/;
const MAX_NAME_LENGTH = 256;
const MAX_KEY_LENGTH = 64;

/** A quantity in millionths, or undefined when it is not a positive decimal of at most six places. */
export function quantityMicro(quantity: string): bigint | undefined {
  const match = QUANTITY.exec(quantity);
  if (match === null) return undefined;
  const [, whole = '', fraction = ''] = match;
  const micro = BigInt(whole + fraction.padEnd(6, '0'));
  return micro > 0n ? micro : undefined;
}

/** Compares a line with its own arithmetic. Undefined when its quantity cannot be read or an amount is not an integer. */
export function lineSum(line: LineItem): LineSum | undefined {
  const micro = quantityMicro(line.quantity);
  const discountMinor = line.discountMinor ?? 0;
  if (micro === undefined || ![line.priceMinor, line.totalMinor, discountMinor].every(isAmount)) return undefined;
  const exactMicro = micro * BigInt(line.priceMinor) - BigInt(discountMinor) * MICRO;
  const gap = BigInt(line.totalMinor) * MICRO - exactMicro;
  return { exactMicro, roundedMinor: roundHalfAway(exactMicro), totalDiffers: gap > MICRO || gap < -MICRO };
}

/** Checks what every provider needs of a list of lines. A total that differs from its arithmetic is allowed. */
export function checkItems(items: readonly LineItem[]): ItemsCheck {
  if (items.length === 0) return refusal('', 'items_empty', 'at least one line is needed');
  if (items.length > MAX_ITEMS) return refusal('', 'too_many_items', `at most ${MAX_ITEMS} lines are taken`);
  const problems: ItemProblem[] = [];
  let total = 0n;
  for (const [index, line] of items.entries()) {
    const found = lineProblems(line, `/${index}`);
    problems.push(...found.slice(0, MAX_ITEM_PROBLEMS - problems.length));
    if (problems.length >= MAX_ITEM_PROBLEMS) break;
    if (found.length === 0) total += BigInt(line.totalMinor);
  }
  if (problems.length > 0) return { ok: false, problems };
  if (total > BigInt(Number.MAX_SAFE_INTEGER)) return refusal('', 'amount_range', 'the totals add up to too much');
  return { ok: true, totalMinor: Number(total) };
}

function lineProblems(line: LineItem, at: string): ItemProblem[] {
  const problems: ItemProblem[] = [];
  const demand = (fine: boolean, field: string, code: ItemProblemCode, detail: string): void => {
    if (!fine) problems.push({ pointer: `${at}/${field}`, code, detail });
  };
  const keyDetail = `1 to ${MAX_KEY_LENGTH} characters`;
  const amountDetail = 'an integer of minor units, 0 or more';
  demand(fits(line.name, MAX_NAME_LENGTH), 'name', 'text_length', `1 to ${MAX_NAME_LENGTH} characters`);
  demand(fits(line.article ?? '-', MAX_KEY_LENGTH), 'article', 'text_length', keyDetail);
  demand(fits(line.unit, MAX_KEY_LENGTH), 'unit', 'text_length', keyDetail);
  demand(fits(line.tax ?? '-', MAX_KEY_LENGTH), 'tax', 'text_length', keyDetail);
  demand(
    quantityMicro(line.quantity) !== undefined,
    'quantity',
    'quantity_format',
    'decimal text above 0, at most 6 decimals',
  );
  demand(isAmount(line.priceMinor), 'price', 'amount_range', amountDetail);
  demand(isAmount(line.totalMinor), 'total', 'amount_range', amountDetail);
  demand(isAmount(line.discountMinor ?? 0), 'discount', 'amount_range', amountDetail);
  const sum = lineSum(line);
  demand(sum === undefined || sum.exactMicro >= 0n, 'discount', 'discount_above_price', 'more than quantity × price');
  return problems;
}

function refusal(pointer: string, code: ItemProblemCode, detail: string): ItemsCheck {
  return { ok: false, problems: [{ pointer, code, detail }] };
}

function fits(text: string, maxLength: number): boolean {
  return text.trim().length > 0 && text.length <= maxLength;
}

function isAmount(amountMinor: number): boolean {
  return Number.isSafeInteger(amountMinor) && amountMinor >= 0;
}

function roundHalfAway(micro: bigint): bigint {
  const half = micro < 0n ? -(MICRO / 2n) : MICRO / 2n;
  return (micro + half) / MICRO;
}
