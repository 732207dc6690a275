import { Controller } from '@nestjs/common';
import { deviceState, type Envelope } from '@tolem/contracts';
import { HandleMessages } from '@tolem/messaging';
import { ApplyDeviceStates } from './apply-device-states.ts';

@Controller()
export class DeviceFactsController {
  constructor(private readonly states: ApplyDeviceStates) {}

  @HandleMessages([deviceState.type])
  async apply(batch: readonly Envelope[]): Promise<void> {
    await this.states.run(batch);
  }
}
