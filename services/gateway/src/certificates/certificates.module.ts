import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.ts';
import { CertificatesController } from './certificates.controller.ts';
import { Certificates } from './certificates.ts';
import { CertificateGrants } from './grants.ts';

@Module({
  imports: [ConnectionsModule],
  controllers: [CertificatesController],
  providers: [Certificates, CertificateGrants],
})
export class CertificatesModule {}
