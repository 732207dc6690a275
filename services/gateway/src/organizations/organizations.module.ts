import { Module } from '@nestjs/common';
import { OrganizationsController } from './organizations.controller.ts';
import { Organizations } from './organizations.ts';

@Module({ controllers: [OrganizationsController], providers: [Organizations], exports: [Organizations] })
export class OrganizationsModule {}
