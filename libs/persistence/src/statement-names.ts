/** Statements of a program are constants; past this bound somebody builds texts, and those are not worth preparing. */
const MAX_STATEMENTS = 300;

/**
 * Names under which the server keeps statements prepared, one per text: a statement is parsed and planned once per
 * connection instead of at every call, which is most of what a small one costs.
 */
export class StatementNames {
  readonly #names = new Map<string, string>();
  #generation = 0;

  /** Undefined where there are too many already. */
  nameOf(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined) return known;
    if (this.#names.size >= MAX_STATEMENTS) return undefined;
    const name = `tolem_${this.#generation}_${this.#names.size}`;
    this.#names.set(sql, name);
    return name;
  }

  /** What the server has prepared no longer fits its tables (a migration ran beside us): everything gets other names. */
  forgetAll(): void {
    this.#names.clear();
    this.#generation += 1;
  }
}
