import { z } from 'zod';
import { readJsonFile, writeJsonFile } from '../tolem-folder/json-file.ts';

// Whatever an earlier release wrote beside is of no use any more.
const stateSchema = z.object({
  version: z.literal(1),
  /** Every idempotency key of the onboarding derives from it, so that a repeated onboarding attaches. */
  seed: z.string().min(8),
  /** SHA-256 of the sandbox's client certificate and addresses, which connections keep; others need another onboarding. */
  bankFingerprint: z.string().optional(),
  tenant: z.string().optional(),
  apiKey: z.string().optional(),
  certificate: z.string().optional(),
  organization: z.string().optional(),
  connection: z.string().optional(),
  tradePoint: z.string().optional(),
});

/** How far the onboarding of the demo tenant has come; kept between starts. */
export type OnboardingState = z.output<typeof stateSchema>;

export const readState = (path: string, remedy: string): Promise<OnboardingState | undefined> =>
  readJsonFile(path, stateSchema, remedy);

export const writeState = (path: string, state: OnboardingState): Promise<void> => writeJsonFile(path, state);
