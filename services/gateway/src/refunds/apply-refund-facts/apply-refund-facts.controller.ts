import { type Envelope, refundState } from '@tolem/contracts';
import { HandleMessages } from '@tolem/messaging';
import { Controller } from '@nestjs/common';
import { Payload } from '@nestjs/microservices';
import { ApplyRefundFacts } from './apply-refund-facts.ts';

@Controller()
export class ApplyRefundFactsController {
  constructor(private readonly applyRefundFacts: ApplyRefundFacts) {}

  @HandleMessages([refundState.type])
  apply(@Payload() batch: readonly Envelope[]): Promise<void> {
    return this.applyRefundFacts.run(batch);
  }
}
