import { invoiceCases } from './invoice-cases.ts';
import type { KaspiCase } from './kaspi-case.ts';
import { lateCases } from './late-cases.ts';
import { onboardingCases } from './onboarding-cases.ts';
import { refundCases } from './refund-cases.ts';
import { saleCases } from './sale-cases.ts';

/** Everything that the schemes of Kaspi QR can do, and how each says what it cannot; one description for every house. */
export const kaspiCases: readonly KaspiCase[] = [
  ...saleCases,
  ...lateCases,
  ...refundCases,
  ...invoiceCases,
  ...onboardingCases,
];
