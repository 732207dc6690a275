import type { Logger } from '@tolem/observability';
import type { DeliveryResult, DeliveryStore } from './delivery-store.ts';

const MAX_BATCH = 500;
const TRY_AGAIN_MS = 1_000;

/**
 * Results of attempts, written together. While the database is away they wait here; their number is bounded by what the process
 * holds. What is lost with the process is sent again when its lease is over.
 */
export class DeliveryResults {
  readonly #waiting: DeliveryResult[] = [];
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;

  constructor(
    private readonly store: Pick<DeliveryStore, 'settle'>,
    private readonly everyMs: number,
    private readonly logger: Logger,
    /** So many are written. */
    private readonly onSettled: (count: number) => void,
  ) {}

  add(result: DeliveryResult): void {
    this.#waiting.push(result);
    this.#later(this.everyMs);
  }

  /** Writes what is there, once: the process ends whether or not the database is back. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#writing;
    clearTimeout(this.#timer);
    await this.#write().catch((error: unknown) => this.#failed(error));
  }

  #later(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing ??= this.#write()
        .catch((error: unknown) => {
          this.#failed(error);
          this.#later(TRY_AGAIN_MS);
        })
        .finally(() => (this.#writing = undefined));
    }, ms);
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      const disabled = await this.store.settle(batch);
      this.#waiting.splice(0, batch.length);
      for (const { endpoint, reason } of disabled)
        this.logger.warn({ endpoint, reason }, 'a webhook endpoint was switched off');
      this.onSettled(batch.length);
    }
  }

  #failed(error: unknown): void {
    this.logger.warn({ err: error, results: this.#waiting.length }, 'results of webhooks could not be written');
  }
}
