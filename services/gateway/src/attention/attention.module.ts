import { Module } from '@nestjs/common';
import { AttentionController } from './attention.controller.ts';
import { AttentionStore } from './attention-store.ts';
import { OpenWork } from './open-work.ts';
import { ResolveAttention } from './resolve-attention.ts';

/**
 * What a person must look at. It is opened where facts of providers are applied (payments/apply-payment-facts) and closed
 * there by the provider's answer, or here by a person's decision; both are SQL functions of the migrations.
 */
@Module({
  controllers: [AttentionController],
  providers: [AttentionStore, ResolveAttention, OpenWork],
  exports: [OpenWork],
})
export class AttentionModule {}
