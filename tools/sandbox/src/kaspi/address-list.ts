export type CutMoment = 'before_tls' | 'after_tls';

/** The source addresses that the bank serves (Kaspi QR v3.9 §1.3.3); without a list it serves everybody. */
export class AddressList {
  private list: ReadonlySet<string> | null;

  constructor(
    private readonly initial: readonly string[] | null,
    /** When a stranger's connection is closed. */
    readonly cut: CutMoment,
  ) {
    this.list = initial === null ? null : new Set(initial);
  }

  get addresses(): readonly string[] | null {
    return this.list === null ? null : [...this.list];
  }

  set(addresses: readonly string[] | null): void {
    this.list = addresses === null ? null : new Set(addresses);
  }

  reset(): void {
    this.set(this.initial);
  }

  allows(address: string | undefined): boolean {
    return this.list === null || this.list.has(address?.replace(/^::ffff:/, '') ?? '');
  }
}
