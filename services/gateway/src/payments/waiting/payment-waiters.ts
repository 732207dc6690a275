import { Inject, Injectable } from '@nestjs/common';
import type { WakeUps } from '@tolem/coordination';
import { CLOSING, WAKE_UPS } from '../../tokens.ts';
import type { PaymentRow } from '../payment-row.ts';
import { idFromUuid } from '@tolem/domain';
import { PAYMENT_SETTINGS, type PaymentSettings } from '../payment-settings.ts';
import { PaymentWatch } from './payment-watch.ts';

/**
 * Requests that wait for news of a payment. Each watches before it reads, so that no news falls in between; their number
 * is bounded; when the process closes all of them go home with the state as it is.
 */
@Injectable()
export class PaymentWaiters {
  readonly #watches = new Set<PaymentWatch>();
  readonly #byPayment = new Map<string, Set<PaymentWatch>>();

  constructor(
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
    @Inject(CLOSING) private readonly closing: AbortSignal,
    @Inject(PAYMENT_SETTINGS) private readonly settings: PaymentSettings,
  ) {
    closing.addEventListener('abort', () => {
      for (const watch of this.#watches) watch.end();
    });
  }

  /** How many requests wait now. */
  get count(): number {
    return this.#watches.size;
  }

  /** Headers of every answer: a client that waited must not hold the closing process by the connection it keeps. */
  farewell(): Record<string, string> {
    return this.closing.aborted ? { connection: 'close' } : {};
  }

  /** Which of these payments somebody waits for in this process; public ids. */
  watched(ids: readonly string[]): string[] {
    return ids.filter((id) => this.#byPayment.has(id));
  }

  /** Hands a payment that this process has just changed to whoever waits for it; the wake-up follows. */
  bring(row: PaymentRow): void {
    for (const watch of this.#byPayment.get(idFromUuid('pay', row.id)) ?? []) watch.bring(row);
  }

  /**
   * Begins to listen; undefined where too many wait already. Whoever gets a watch closes it.
   * @param id public id of the payment
   * @param gone fires when the client has hung up
   */
  watch(id: string, gone: AbortSignal): PaymentWatch | undefined {
    if (this.#watches.size >= this.settings.maxWaiters) return undefined;
    const watch = new PaymentWatch(id, this.settings.rereadEveryMs, () => {
      this.#remove(watch);
      stopListening();
      gone.removeEventListener('abort', end);
    });
    const end = (): void => watch.end();
    const stopListening = this.wakeUps.listen(id, () => watch.ring());
    gone.addEventListener('abort', end);
    this.#add(watch);
    if (gone.aborted || this.closing.aborted) watch.end();
    return watch;
  }

  #add(watch: PaymentWatch): void {
    this.#watches.add(watch);
    const others = this.#byPayment.get(watch.payment);
    if (others === undefined) this.#byPayment.set(watch.payment, new Set([watch]));
    else others.add(watch);
  }

  #remove(watch: PaymentWatch): void {
    this.#watches.delete(watch);
    const others = this.#byPayment.get(watch.payment);
    others?.delete(watch);
    if (others?.size === 0) this.#byPayment.delete(watch.payment);
  }
}
