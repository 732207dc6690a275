import { Inject, Injectable } from '@nestjs/common';
import type { WakeUps } from '@tolem/coordination';
import { CLOSING, WAKE_UPS } from '../tokens.ts';

/** Wake-ups may be lost. */
const REREAD_EVERY_MS = 1_000;
/** Administrators, not tills: more than so many do not wait, they are answered at once. */
const MAX_WAITERS = 100;

/** Requests that wait for a provider's service to answer about a certificate. */
@Injectable()
export class CertificateWaiters {
  #count = 0;

  constructor(
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOSING) private readonly closing: AbortSignal,
  ) {}

  /**
   * Reads until it is enough, the time is over, the client gone or the process closing; the last state read.
   * @param id public id
   */
  async until<Row>(
    id: string,
    first: Row,
    wait: {
      readonly waitMs: number;
      readonly gone: AbortSignal;
      readonly read: () => Promise<Row>;
      readonly isEnough: (row: Row) => boolean;
    },
  ): Promise<Row> {
    if (wait.waitMs === 0 || this.#count >= MAX_WAITERS) return first;
    const over = AbortSignal.any([wait.gone, this.closing, AbortSignal.timeout(wait.waitMs)]);
    this.#count += 1;
    let rung = false;
    let wake = (): void => undefined;
    const ring = (): void => {
      rung = true;
      wake();
    };
    const stopListening = this.wakeUps.listen(id, ring);
    over.addEventListener('abort', ring);
    const timer = setInterval(ring, REREAD_EVERY_MS);
    try {
      // What happened before we listened is in no wake-up.
      let row = await wait.read();
      while (!wait.isEnough(row) && !over.aborted) {
        if (!rung) await new Promise<void>((resolve) => (wake = resolve));
        rung = false;
        row = await wait.read();
      }
      return row;
    } finally {
      clearInterval(timer);
      over.removeEventListener('abort', ring);
      stopListening();
      this.#count -= 1;
    }
  }
}
