/** A value that must not be in a text, and how to call it when it is there all the same. */
export interface Forbidden {
  readonly name: string;
  /** At least 6 characters. One of several lines (PEM) is forbidden line by line, but for its BEGIN and END. */
  readonly value: string;
}

/** `part`: the first or the second half of a long value; `digits`: a phone or a card with other separators. */
export type ForbiddenForm = 'plain' | 'part' | 'json' | 'url' | 'base64' | 'hex' | 'digits';

export interface FoundForbidden {
  readonly name: string;
  readonly form: ForbiddenForm;
  /** Where it was found: what stands before and after it, with the value itself replaced by its name. */
  readonly around: string;
}

/** Shorter values would be found by accident. */
const MIN_LENGTH = 6;
/** Halves of shorter values would be. */
const MIN_LENGTH_IN_PARTS = 20;
const MIN_DIGITS = 10;
/** Longer numbers are nobody's phone or card, and ten digits of one are found in other numbers by accident. */
const MAX_DIGITS = 16;
const AROUND = 80;

/**
 * Every forbidden value that is in the text, whatever way it was written down: as it is (in any case), cut in two, inside
 * JSON that may be quoted once more, percent-encoded, as base64 at any alignment, as hexadecimal digits, and digits of a
 * phone with any separators. One finding for each value and form. TypeError for a value that is too short.
 */
export function findForbidden(text: string, forbidden: readonly Forbidden[]): FoundForbidden[] {
  const lower = text.toLowerCase();
  return forbidden.flatMap(({ name, value }) => {
    const found = new Map<ForbiddenForm, FoundForbidden>();
    for (const line of linesOf(name, value)) {
      for (const { form, places } of searchesFor(line)) {
        if (found.has(form)) continue;
        const place = places(text, lower);
        if (place !== undefined) found.set(form, { name, form, around: aroundOf(text, place, name) });
      }
    }
    return [...found.values()];
  });
}

interface Place {
  readonly at: number;
  readonly length: number;
}

interface Search {
  readonly form: ForbiddenForm;
  /** Where it is, in the text or in the same text in lower case. */
  readonly places: (text: string, lower: string) => Place | undefined;
}

function linesOf(name: string, value: string): string[] {
  const all = value.split(/\r?\n/).map((line) => line.trim());
  const lines = all.length === 1 ? all : all.filter((line) => line.length >= MIN_LENGTH && !line.startsWith('-----'));
  if (lines.length === 0 || lines.some((line) => line.length < MIN_LENGTH)) {
    throw new TypeError(`${name} is too short to look for: ${MIN_LENGTH} characters are needed`);
  }
  return lines;
}

function searchesFor(value: string): Search[] {
  const once = JSON.stringify(value).slice(1, -1);
  const twice = JSON.stringify(once).slice(1, -1);
  const bytes = Buffer.from(value);
  return [
    inAnyCase('plain', value),
    ...halvesOf(value).map((half) => inAnyCase('part', half)),
    ...[once, twice, asciiJson(value)].filter((json) => json !== value).map((json) => inAnyCase('json', json)),
    ...[encodeURIComponent(value.toWellFormed()), encodeURI(value.toWellFormed())]
      .flatMap((url) => [url, url.replaceAll('%20', '+')])
      .filter((url) => url !== value)
      .map((url) => inAnyCase('url', url)),
    ...base64Of(bytes).map((needle) => exactly('base64', needle)),
    inAnyCase('hex', bytes.toString('hex')),
    ...digitsOf(value),
  ];
}

function inAnyCase(form: ForbiddenForm, needle: string): Search {
  const wanted = needle.toLowerCase();
  return { form, places: (_text, lower) => placeOf(lower, wanted) };
}

function exactly(form: ForbiddenForm, needle: string): Search {
  return { form, places: (text) => placeOf(text, needle) };
}

function placeOf(text: string, needle: string): Place | undefined {
  const at = text.indexOf(needle);
  return at < 0 ? undefined : { at, length: needle.length };
}

function halvesOf(value: string): string[] {
  if (value.length < MIN_LENGTH_IN_PARTS) return [];
  const middle = Math.floor(value.length / 2);
  return [value.slice(0, middle), value.slice(middle)];
}

function asciiJson(value: string): string {
  return JSON.stringify(value)
    .slice(1, -1)
    .replaceAll(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * What stays the same of the base64 of any bytes that hold these: it depends on where in a group of three they begin, and
 * the characters that are shared with the bytes before and after them are left out.
 */
function base64Of(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((shift) => {
    const padded = Buffer.concat([Buffer.alloc(shift), bytes]);
    const encoded = padded.toString('base64').replaceAll('=', '');
    const from = shift === 0 ? 0 : shift + 1;
    const needle = encoded.slice(from, padded.length % 3 === 0 ? undefined : -1);
    return [...new Set([needle, needle.replaceAll('+', '-').replaceAll('/', '_')])];
  });
}

/** The country's digits of a phone are written in several ways (+7, 8), so only the last ten count. */
function digitsOf(value: string): Search[] {
  const digits = value.replaceAll(/[\s()+.-]/g, '');
  if (!/^\d+$/.test(digits) || digits.length < MIN_DIGITS || digits.length > MAX_DIGITS) return [];
  const pattern = new RegExp([...digits.slice(-MIN_DIGITS)].join(String.raw`[\s().-]{0,2}`));
  return [
    {
      form: 'digits',
      places: (text) => {
        const match = pattern.exec(text);
        return match === null ? undefined : { at: match.index, length: match[0].length };
      },
    },
  ];
}

function aroundOf(text: string, { at, length }: Place, name: string): string {
  return `${text.slice(Math.max(0, at - AROUND), at)}<${name}>${text.slice(at + length, at + length + AROUND)}`;
}
