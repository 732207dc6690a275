import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { WakeUps } from '@tolem/coordination';
import { type Clock, idFromUuid } from '@tolem/domain';
import type { Logger, Metrics } from '@tolem/observability';
import type { Database } from '@tolem/persistence';
import { CLOCK, LOGGER, WAKE_UPS, WORKER_DATABASE } from '../tokens.ts';

const LOOK_EVERY_MS = 600_000;
const BATCH = 200;
const MAX_BATCHES = 50;
const MAX_SERIES = 5_000;
const DAY_MS = 86_400_000;
/** From here on a person has to act at once. */
const URGENT_DAYS = 7;

/**
 * Tells of certificates that end soon, and puts those that end within days on the list of people. Every process looks; a
 * row says what was told, so each is told once.
 */
@Injectable()
export class EndingCertificates implements OnApplicationBootstrap, OnModuleDestroy {
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<unknown> | undefined;

  constructor(
    @Inject(WORKER_DATABASE) private readonly db: Database,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LOGGER) private readonly logger: Logger,
    @Inject(WAKE_UPS) private readonly wakeUps: WakeUps,
  ) {}

  onApplicationBootstrap(): void {
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    this.#look();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  /** Tells what is to be told now; returns how many certificates were told of. */
  async tellOnce(): Promise<number> {
    let count = 0;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const told = await this.db.query<{ certificate: string; days: number }>(
        'SELECT certificate, days FROM tell_ending_certificates($1, $2)',
        [new Date(this.clock.now()), BATCH],
      );
      for (const { certificate, days } of told) {
        const id = idFromUuid('crt', certificate);
        const level = days <= URGENT_DAYS ? 'error' : 'warn';
        this.logger[level]({ certificate: id, days_left: days }, 'a certificate ends soon');
        this.wakeUps.wake([id]);
      }
      count += told.length;
      if (told.length < BATCH) break;
    }
    await this.#attend();
    return count;
  }

  /** Days that are left of each certificate in use, for a gauge; fractions, negative past the end. */
  async daysLeft(): Promise<
    readonly { readonly certificate: string; readonly provider: string; readonly days: number }[]
  > {
    const rows = await this.db.query<{ id: string; provider: string; not_after: Date }>(
      `SELECT id, provider, not_after FROM certificate
        WHERE active_version IS NOT NULL AND merged_into IS NULL AND not_after IS NOT NULL ORDER BY not_after LIMIT $1`,
      [MAX_SERIES],
    );
    const now = this.clock.now();
    return rows.map(({ id, provider, not_after: end }) => ({
      certificate: idFromUuid('crt', id),
      provider,
      days: (end.getTime() - now) / DAY_MS,
    }));
  }

  async #attend(): Promise<void> {
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      const [row] = await this.db.query<{ opened: number }>('SELECT attend_ending_certificates($1, $2) AS opened', [
        new Date(this.clock.now()),
        BATCH,
      ]);
      if ((row?.opened ?? 0) < BATCH) break;
    }
  }

  #look(): void {
    this.#looking ??= this.tellOnce()
      .catch((error: unknown) => this.logger.warn({ err: error }, 'looking for certificates that end broke off'))
      .finally(() => (this.#looking = undefined));
  }
}

/** What operators alarm on before their provider stops letting them in. */
export function watchCertificates(metrics: Metrics, ending: EndingCertificates): void {
  const days = metrics.gauge<'certificate' | 'provider'>({
    name: 'tolem_certificate_days_left',
    help: 'Days until the certificate in use ends; negative past that.',
    labels: ['certificate', 'provider'],
    maxSeries: MAX_SERIES,
  });
  metrics.collector('certificates', [days], async () => {
    for (const { certificate, provider, days: left } of await ending.daysLeft())
      days.set(left, { certificate, provider });
  });
}
