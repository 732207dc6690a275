/** A place where the dummy provider stops until the spec lets it go on. */
export class Gate {
  /** How many have come here. */
  arrived = 0;
  readonly #opened = Promise.withResolvers<undefined>();

  get passed(): Promise<unknown> {
    return this.#opened.promise;
  }

  async arrive(): Promise<void> {
    this.arrived += 1;
    await this.passed;
  }

  open(): void {
    this.#opened.resolve(undefined);
  }
}
