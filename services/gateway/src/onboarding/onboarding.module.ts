import { Module } from '@nestjs/common';
import { ConnectionsModule } from '../connections/connections.module.ts';
import { DesksModule } from '../desks/desks.module.ts';
import { OrganizationsModule } from '../organizations/organizations.module.ts';
import { BulkOnboarding } from './bulk-onboarding.ts';
import { CsvUploads } from './csv-uploads.ts';
import { OnboardingController } from './onboarding.controller.ts';
import { OnboardOrganizations } from './onboard-organization.ts';

/** New organizations with all that they need to take payments, one by one or from a file. */
@Module({
  imports: [OrganizationsModule, ConnectionsModule, DesksModule],
  controllers: [OnboardingController],
  providers: [OnboardOrganizations, BulkOnboarding, CsvUploads],
})
export class OnboardingModule {}
