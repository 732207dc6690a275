import { type DynamicModule, Global, Module } from '@nestjs/common';
import type { Answers } from '@tolem/coordination';
import type { Clock, IdFactory } from '@tolem/domain';
import { type Bus, BUS } from '@tolem/messaging';
import type { Logger } from '@tolem/observability';
import type { Database, Outbox, Sealer, Vault } from '@tolem/persistence';
import { ApiKeysModule } from './api-keys/api-keys.module.ts';
import { AttentionModule } from './attention/attention.module.ts';
import { AuditLogModule } from './audit-log/audit-log.module.ts';
import { CertificatesModule } from './certificates/certificates.module.ts';
import type { GatewayConfig } from './config.ts';
import { ConnectionsModule } from './connections/connections.module.ts';
import { DesksModule } from './desks/desks.module.ts';
import type { EventBell } from './events/event-bell.ts';
import { EVENT_BELL } from './events/event-settings.ts';
import { EventsModule } from './events/events.module.ts';
import { DocsModule } from './http/docs/docs.module.ts';
import { Idempotency } from './http/idempotency.ts';
import { OnboardingModule } from './onboarding/onboarding.module.ts';
import { OrganizationsModule } from './organizations/organizations.module.ts';
import { TenantsModule } from './tenants/tenants.module.ts';
import { OutboxRows } from './outbox-rows.ts';
import { PayersModule } from './payers/payers.module.ts';
import { PaymentsModule } from './payments/payments.module.ts';
import { RefundsModule } from './refunds/refunds.module.ts';
import {
  ANSWERS,
  APP_DATABASE,
  CLOCK,
  CLOSING,
  CONFIG,
  IDS,
  LOGGER,
  OUTBOX,
  RANDOM_BYTES,
  VAULT,
  WAKE_UPS,
  WORKER_DATABASE,
} from './tokens.ts';
import { TradePointsModule } from './trade-points/trade-points.module.ts';
import { Transactions } from './transactions.ts';
import { SEALER } from './webhooks/webhook-settings.ts';
import { WebhooksModule } from './webhooks/webhooks.module.ts';

/** What is not made by the rooms themselves. */
export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly appDatabase: Database;
  readonly workerDatabase: Database;
  readonly vault: Vault;
  readonly outbox: Outbox;
  readonly bus: Bus;
  /** Stands in for the wake-ups and tells of every commit. */
  readonly wakeUps: EventBell;
  readonly answers: Answers;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly ids: IdFactory;
  readonly randomBytes: (n: number) => Uint8Array;
  readonly logger: Logger;
  readonly closing: AbortSignal;
}

/** The public API: one room per resource, and what all of them share. */
@Global()
@Module({})
export class GatewayModule {
  static with(parts: GatewayParts): DynamicModule {
    const shared = [
      { provide: CONFIG, useValue: parts.config },
      { provide: APP_DATABASE, useValue: parts.appDatabase },
      { provide: WORKER_DATABASE, useValue: parts.workerDatabase },
      { provide: VAULT, useValue: parts.vault },
      { provide: OUTBOX, useValue: parts.outbox },
      { provide: BUS, useValue: parts.bus },
      { provide: WAKE_UPS, useValue: parts.wakeUps },
      { provide: ANSWERS, useValue: parts.answers },
      { provide: EVENT_BELL, useValue: parts.wakeUps },
      { provide: SEALER, useValue: parts.sealer },
      { provide: CLOCK, useValue: parts.clock },
      { provide: IDS, useValue: parts.ids },
      { provide: RANDOM_BYTES, useValue: parts.randomBytes },
      { provide: LOGGER, useValue: parts.logger },
      { provide: CLOSING, useValue: parts.closing },
      Transactions,
      Idempotency,
      OutboxRows,
    ];
    return {
      module: GatewayModule,
      imports: [
        DocsModule,
        AuditLogModule,
        ApiKeysModule,
        TenantsModule,
        OrganizationsModule,
        CertificatesModule,
        ConnectionsModule,
        TradePointsModule,
        DesksModule,
        OnboardingModule,
        PaymentsModule,
        PayersModule,
        RefundsModule,
        AttentionModule,
        EventsModule,
        WebhooksModule,
      ],
      providers: shared,
      exports: shared,
    };
  }
}
