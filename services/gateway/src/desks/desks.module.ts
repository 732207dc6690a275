import { Module } from '@nestjs/common';
import { ApplyDeviceStates } from './apply-device-states.ts';
import { DeskBatches } from './desk-batch.ts';
import { DeskDevices } from './desk-devices.ts';
import { DeskPlaces } from './desk-places.ts';
import { DesksController } from './desks.controller.ts';
import { Desks } from './desks.ts';
import { DeviceFactsController } from './device-facts.controller.ts';

@Module({
  controllers: [DesksController, DeviceFactsController],
  providers: [Desks, DeskDevices, DeskPlaces, DeskBatches, ApplyDeviceStates],
  exports: [Desks, DeskPlaces],
})
export class DesksModule {}
