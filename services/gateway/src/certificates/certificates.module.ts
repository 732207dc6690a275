import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.ts';
import { ApplyCertificateStates } from './apply-certificate-states.ts';
import { CertificateCommands } from './certificate-commands.ts';
import { CertificateFactsController } from './certificate-facts.controller.ts';
import { CertificateGrantsController } from './certificate-grants.controller.ts';
import { CertificateStore } from './certificate-store.ts';
import { CertificateVersions } from './certificate-versions.ts';
import { CertificateWaiters } from './certificate-waiters.ts';
import { CertificatesController } from './certificates.controller.ts';
import { Certificates } from './certificates.ts';
import { EndingCertificates } from './ending-certificates.ts';
import { CertificateGrants } from './grants.ts';
import { VersionClaims } from './version-claims.ts';

/**
 * Certificates and who may act under them. A pair is uploaded, or asked for (certificates) and replaced later
 * (certificate-versions); the provider's service holds the keys, tries each pair and tells what became of it
 * (apply-certificate-states); ending-certificates tells of those that end.
 */
@Module({
  imports: [ConnectionsModule],
  controllers: [CertificatesController, CertificateGrantsController, CertificateFactsController],
  providers: [
    CertificateStore,
    CertificateCommands,
    Certificates,
    CertificateVersions,
    VersionClaims,
    CertificateWaiters,
    CertificateGrants,
    ApplyCertificateStates,
    EndingCertificates,
  ],
})
export class CertificatesModule {}
