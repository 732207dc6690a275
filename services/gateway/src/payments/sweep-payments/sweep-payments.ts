import type { Clock, IdFactory } from '@tolem/domain';
import { type Bus, BUS } from '@tolem/messaging';
import type { Logger } from '@tolem/observability';
import type { Database } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { CLOCK, IDS, LOGGER, WORKER_DATABASE } from '../../tokens.ts';
import { PAYMENT_SETTINGS, type PaymentSettings } from '../payment-settings.ts';
import { SweepSilence } from './sweep-silence.ts';

/** Payments that stay silent. */
@Injectable()
export class SweepPayments extends SweepSilence {
  constructor(
    @Inject(WORKER_DATABASE) db: Database,
    @Inject(BUS) bus: Bus,
    @Inject(CLOCK) clock: Clock,
    @Inject(IDS) ids: IdFactory,
    @Inject(PAYMENT_SETTINGS) settings: PaymentSettings,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ db, bus, clock, ids, settings, logger }, 'sweep_silent_payments', 'pay');
  }
}
