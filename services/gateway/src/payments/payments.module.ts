import { Module } from '@nestjs/common';
import type { GatewayConfig } from '../config.ts';
import { DigestKeys } from '../digest-keys.ts';
import { QuestionsModule } from '../questions/questions.module.ts';
import { CONFIG } from '../tokens.ts';
import { ApplyPaymentFactsController } from './apply-payment-facts/apply-payment-facts.controller.ts';
import { ApplyPaymentFacts } from './apply-payment-facts/apply-payment-facts.ts';
import { CancelPaymentController } from './cancel-payment/cancel-payment.controller.ts';
import { CancelPayment } from './cancel-payment/cancel-payment.ts';
import { CreatePaymentController } from './create-payment/create-payment.controller.ts';
import { CreatePayment } from './create-payment/create-payment.ts';
import { OutboxPressure } from './create-payment/outbox-pressure.ts';
import { PersonalFields } from './create-payment/personal-fields.ts';
import { EmulatePaymentController } from './emulate-payment/emulate-payment.controller.ts';
import { EmulatePayment } from './emulate-payment/emulate-payment.ts';
import { ImportPaymentController } from './import-payment/import-payment.controller.ts';
import { ImportPayment } from './import-payment/import-payment.ts';
import { ListPaymentsController } from './list-payments/list-payments.controller.ts';
import { DEFAULT_PAYMENT_SETTINGS, PAYMENT_SETTINGS, type PaymentSettings } from './payment-settings.ts';
import { PaymentQrController } from './payment-qr/payment-qr.controller.ts';
import { PaymentStore } from './payment-store.ts';
import { ReadPaymentController } from './read-payment/read-payment.controller.ts';
import { ReadPayment } from './read-payment/read-payment.ts';
import { RefreshPaymentController } from './refresh-payment/refresh-payment.controller.ts';
import { RefreshPayment } from './refresh-payment/refresh-payment.ts';
import { SweepPayments } from './sweep-payments/sweep-payments.ts';
import { Waiters } from './waiting/waiters.ts';

/**
 * The room of payments. A request makes a payment (create-payment) and waits for news of it (waiting); the facts come
 * back over the bus (apply-payment-facts); what stays silent is asked about (sweep-payments). States and transitions are
 * libs/domain's; every write is a SQL function of the migrations.
 */
@Module({
  imports: [QuestionsModule],
  controllers: [
    CreatePaymentController,
    ListPaymentsController,
    CancelPaymentController,
    RefreshPaymentController,
    ImportPaymentController,
    EmulatePaymentController,
    ReadPaymentController,
    PaymentQrController,
    ApplyPaymentFactsController,
  ],
  providers: [
    {
      provide: PAYMENT_SETTINGS,
      inject: [CONFIG],
      useFactory: (config: GatewayConfig): PaymentSettings => ({
        ...DEFAULT_PAYMENT_SETTINGS,
        maxWaiters: config.maxWaiters,
      }),
    },
    PaymentStore,
    Waiters,
    OutboxPressure,
    DigestKeys,
    PersonalFields,
    CreatePayment,
    ReadPayment,
    CancelPayment,
    RefreshPayment,
    ImportPayment,
    EmulatePayment,
    ApplyPaymentFacts,
    SweepPayments,
  ],
  exports: [PAYMENT_SETTINGS, PaymentStore, Waiters, OutboxPressure],
})
export class PaymentsModule {}
