import { type Envelope, paymentProgress, paymentState } from '@tolem/contracts';
import { HandleMessages } from '@tolem/messaging';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApplyPaymentFacts } from './apply-payment-facts.ts';

@Controller()
export class ApplyPaymentFactsController {
  constructor(private readonly applyPaymentFacts: ApplyPaymentFacts) {}

  @HandleMessages([paymentState.type, paymentProgress.type])
  apply(@Payload() batch: readonly Envelope[]): Promise<void> {
    return this.applyPaymentFacts.run(batch);
  }
}
