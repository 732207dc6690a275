/** What an operator turns on and off for all calls (control interface, `PUT /kaspi/switches`). */
export interface SwitchValues {
  /** Insist on `X-Request-ID` (documented as mandatory, not enforced in production: kaspi-qr.md §13.4). */
  readonly requestIdRequired: boolean;
  /** What an invoice shows when its 24 hours are over. ASSUMPTION: the document does not say. */
  readonly expiredInvoiceStatus: string;
  /**
   * Close the connection on questions about an invoice that come by a timer: after so many equal pauses in a row.
   * Null lets them pass. ASSUMPTION: what the bank's cut-off looks like is unknown (kaspi-qr.md §8).
   */
  readonly punishPolling: { readonly equalPauses: number; readonly tolerance: number } | null;
}

export const DEFAULT_SWITCHES: SwitchValues = {
  requestIdRequired: false,
  expiredInvoiceStatus: 'Expired',
  punishPolling: null,
};

export class Switches {
  private current = DEFAULT_SWITCHES;

  get values(): SwitchValues {
    return this.current;
  }

  set(changes: Partial<SwitchValues>): void {
    this.current = { ...this.current, ...changes };
  }

  reset(): void {
    this.current = DEFAULT_SWITCHES;
  }
}
