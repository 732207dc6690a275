import { Module } from '@nestjs/common';
import { ApplyDeviceStates } from './apply-device-states.ts';
import { DeskDevices } from './desk-devices.ts';
import { DesksController } from './desks.controller.ts';
import { Desks } from './desks.ts';
import { DeviceFactsController } from './device-facts.controller.ts';

@Module({
  controllers: [DesksController, DeviceFactsController],
  providers: [Desks, DeskDevices, ApplyDeviceStates],
})
export class DesksModule {}
