import { Module } from '@nestjs/common';
import { PaymentsModule } from '../payments/payments.module.ts';
import { ApplyRefundFactsController } from './apply-refund-facts/apply-refund-facts.controller.ts';
import { ApplyRefundFacts } from './apply-refund-facts/apply-refund-facts.ts';
import { CancelRefundController } from './cancel-refund/cancel-refund.controller.ts';
import { CancelRefund } from './cancel-refund/cancel-refund.ts';
import { ChoosePurchaseController } from './choose-purchase/choose-purchase.controller.ts';
import { ChoosePurchase } from './choose-purchase/choose-purchase.ts';
import { CreateRefundController } from './create-refund/create-refund.controller.ts';
import { CreateRefund } from './create-refund/create-refund.ts';
import { ListRefundsController } from './list-refunds/list-refunds.controller.ts';
import { ReadRefundController } from './read-refund/read-refund.controller.ts';
import { ReadRefund } from './read-refund/read-refund.ts';
import { RefundAnswers } from './refund-answers.ts';
import { RefundQrController } from './refund-qr.controller.ts';
import { RefundStore } from './refund-store.ts';
import { SweepRefunds } from './sweep-refunds/sweep-refunds.ts';

/**
 * The room of refunds, built as that of payments. What a refund holds of its payment is reserved when it is made
 * (create-refund) or when the buyer's purchase is known (choose-purchase), and spent or given back when it ends
 * (apply-refund-facts), each in the statement that moves the refund. Late money is sent back from where it is learned of
 * (create-refund/refund-late-money.sql).
 */
@Module({
  imports: [PaymentsModule],
  controllers: [
    CreateRefundController,
    ListRefundsController,
    ChoosePurchaseController,
    CancelRefundController,
    ReadRefundController,
    RefundQrController,
    ApplyRefundFactsController,
  ],
  providers: [
    RefundStore,
    RefundAnswers,
    CreateRefund,
    ChoosePurchase,
    CancelRefund,
    ReadRefund,
    ApplyRefundFacts,
    SweepRefunds,
  ],
})
export class RefundsModule {}
