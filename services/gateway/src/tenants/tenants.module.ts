import { Module } from '@nestjs/common';
import { TenantsController } from './tenants.controller.ts';
import { Tenants } from './tenants.ts';

@Module({ controllers: [TenantsController], providers: [Tenants] })
export class TenantsModule {}
