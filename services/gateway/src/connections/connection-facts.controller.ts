import { Controller } from '@nestjs/common';
import { connectionState, type Envelope } from '@tolem/contracts';
import { HandleMessages } from '@tolem/messaging';
import { ApplyConnectionStates } from './apply-connection-states.ts';

@Controller()
export class ConnectionFactsController {
  constructor(private readonly states: ApplyConnectionStates) {}

  @HandleMessages([connectionState.type])
  async apply(batch: readonly Envelope[]): Promise<void> {
    await this.states.run(batch);
  }
}
