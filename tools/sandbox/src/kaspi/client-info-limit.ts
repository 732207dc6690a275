const CALLS = 50;
const WINDOW_MS = 60_000;
const MAX_DEVICES = 10_000;

/** At most 50 `remote/client-info` a minute and device (Kaspi QR v3.9 §4.6.1; kaspi-qr.md §8). */
export class ClientInfoLimit {
  private readonly calls = new Map<string, number[]>();

  /** False beyond the limit. ASSUMPTION: the minute slides, and a call beyond the limit does not count itself. */
  allows(deviceToken: string, nowMs: number): boolean {
    const recent = (this.calls.get(deviceToken) ?? []).filter((atMs) => atMs > nowMs - WINDOW_MS);
    const allowed = recent.length < CALLS;
    if (allowed) recent.push(nowMs);
    if (!this.calls.has(deviceToken) && this.calls.size >= MAX_DEVICES) this.forgetOldest();
    this.calls.set(deviceToken, recent);
    return allowed;
  }

  clear(): void {
    this.calls.clear();
  }

  private forgetOldest(): void {
    const [oldest] = this.calls.keys();
    if (oldest !== undefined) this.calls.delete(oldest);
  }
}
