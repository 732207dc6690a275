import { Module } from '@nestjs/common';
import { TenantFunctions } from '../tenant-functions.ts';
import { LookUpPayer } from './look-up-payer.ts';
import { DEFAULT_PAYER_SETTINGS, PAYER_SETTINGS } from './payer-settings.ts';
import { PayersController } from './payers.controller.ts';

/** Questions about buyers. Nothing of them is kept. */
@Module({
  controllers: [PayersController],
  providers: [{ provide: PAYER_SETTINGS, useValue: DEFAULT_PAYER_SETTINGS }, TenantFunctions, LookUpPayer],
})
export class PayersModule {}
