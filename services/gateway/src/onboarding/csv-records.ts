/** One record of a CSV file; `line` is where it begins, counted from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

export type CsvProblem =
  'quote_unclosed' | 'quote_misplaced' | 'record_too_long' | 'too_many_records' | 'control_character';

/** Why a file cannot be read on from a line. */
export class CsvError extends Error {
  constructor(
    readonly line: number,
    readonly problem: CsvProblem,
    message: string,
  ) {
    super(message);
    this.name = 'CsvError';
  }
}

export interface CsvLimits {
  /** Records, the header among them; empty lines do not count. */
  readonly records: number;
  /** Characters of one record, its quotes and line ends among them. */
  readonly recordCharacters: number;
}

type State = 'start' | 'plain' | 'quoted' | 'closed';

/**
 * Reads RFC 4180 text piece by piece, whatever the pieces. The delimiter is `;` or `,`: the one that the first line has more
 * of, as spreadsheets of different countries write one or the other. Stricter than most: a quote that does not begin or end
 * a field is a mistake and no content.
 */
export class CsvRecords {
  #state: State = 'start';
  #delimiter: string | undefined;
  #field = '';
  #fields: string[] = [];
  #line = 1;
  #beginLine = 1;
  #quoteLine = 1;
  #characters = 0;
  #records = 0;
  #skipLineFeed = false;
  /** The first line, until it is known to be whole. */
  #head: string | undefined = '';

  constructor(private readonly limits: CsvLimits) {}

  /** The records that this piece completes. @throws CsvError */
  push(text: string): CsvRecord[] {
    if (this.#head === undefined) return this.#read(text);
    const head = this.#head + text;
    if (head.length <= this.limits.recordCharacters && !/[\r\n]/.test(head)) {
      this.#head = head;
      return [];
    }
    return this.#begin(head);
  }

  /** What is left at the end of the file. @throws CsvError */
  end(): CsvRecord[] {
    const found = this.#head === undefined ? [] : this.#begin(this.#head);
    if (this.#state === 'quoted') {
      throw new CsvError(this.#quoteLine, 'quote_unclosed', 'the quote that begins a field here is never closed');
    }
    this.#endRecord(found);
    return found;
  }

  #begin(head: string): CsvRecord[] {
    const [first = ''] = head.split(/[\r\n]/, 1);
    this.#delimiter = first.split(';').length > first.split(',').length ? ';' : ',';
    this.#head = undefined;
    return this.#read(head);
  }

  #read(text: string): CsvRecord[] {
    const found: CsvRecord[] = [];
    for (let at = 0; at < text.length; at += 1) {
      const character = text.charAt(at);
      const follows = this.#skipLineFeed;
      this.#skipLineFeed = false;
      if (follows && character === '\n') continue;
      this.#characters += 1;
      if (this.#characters > this.limits.recordCharacters) {
        const message = `a line of more than ${this.limits.recordCharacters} characters begins here`;
        throw new CsvError(this.#beginLine, 'record_too_long', message);
      }
      if (character === '\0') throw new CsvError(this.#line, 'control_character', 'there is a NUL character');
      if (character === '\n' || character === '\r') {
        this.#skipLineFeed = character === '\r';
        this.#line += 1;
        if (this.#state === 'quoted') this.#field += '\n';
        else this.#endRecord(found);
      } else this.#take(character);
    }
    return found;
  }

  #take(character: string): void {
    if (this.#state === 'quoted') {
      if (character === '"') this.#state = 'closed';
      else this.#field += character;
    } else if (character === this.#delimiter) this.#endField();
    else if (character === '"') this.#quote();
    else if (this.#state === 'closed') this.#misplaced('text after the quote that closes a field');
    else {
      this.#state = 'plain';
      this.#field += character;
    }
  }

  #quote(): void {
    if (this.#state === 'start') {
      this.#state = 'quoted';
      this.#quoteLine = this.#line;
    } else if (this.#state === 'closed') {
      // Two quotes within quotes are one.
      this.#state = 'quoted';
      this.#field += '"';
    } else this.#misplaced('a quote in the middle of a field');
  }

  #misplaced(what: string): never {
    throw new CsvError(this.#line, 'quote_misplaced', `${what}: put the field into quotes and write quotes twice`);
  }

  #endField(): void {
    this.#fields.push(this.#field);
    this.#field = '';
    this.#state = 'start';
  }

  #endRecord(found: CsvRecord[]): void {
    const isEmpty = this.#fields.length === 0 && this.#state === 'start';
    const line = this.#beginLine;
    this.#characters = 0;
    this.#beginLine = this.#line;
    if (isEmpty) return;
    this.#endField();
    found.push({ line, fields: this.#fields });
    this.#fields = [];
    this.#records += 1;
    if (this.#records > this.limits.records) {
      const message = `the file may have at most ${this.limits.records - 1} rows beside the header`;
      throw new CsvError(line, 'too_many_records', message);
    }
  }
}
