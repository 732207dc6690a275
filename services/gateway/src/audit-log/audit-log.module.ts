import { Global, Module } from '@nestjs/common';
import { AuditLogController } from './audit-log.controller.ts';
import { Audit } from './audit.ts';

@Global()
@Module({ controllers: [AuditLogController], providers: [Audit], exports: [Audit] })
export class AuditLogModule {}
