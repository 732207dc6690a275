import { Module } from '@nestjs/common';
import { QuestionsModule } from '../questions/questions.module.ts';
import { TenantFunctions } from '../tenant-functions.ts';
import { LookUpPayer } from './look-up-payer.ts';
import { PayersController } from './payers.controller.ts';

/** Questions about buyers. Nothing of them is kept. */
@Module({
  imports: [QuestionsModule],
  controllers: [PayersController],
  providers: [TenantFunctions, LookUpPayer],
})
export class PayersModule {}
