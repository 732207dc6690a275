import { Controller } from '@nestjs/common';
import { certificateState, type Envelope } from '@tolem/contracts';
import { HandleMessages } from '@tolem/messaging';
import { ApplyCertificateStates } from './apply-certificate-states.ts';

@Controller()
export class CertificateFactsController {
  constructor(private readonly states: ApplyCertificateStates) {}

  @HandleMessages([certificateState.type])
  async apply(batch: readonly Envelope[]): Promise<void> {
    await this.states.run(batch);
  }
}
