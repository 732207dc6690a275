import { failureOf, type Question } from '@tolem/provider-kit';
import { z } from 'zod';
import type { EmulatedStep } from '../client/call-arguments.ts';
import type { KaspiClient } from '../client/kaspi.client.ts';
import { endpointOf } from '../connections/endpoint-of.ts';
import { failureOfAnswer, isMisconfigured } from '../answers/failures.ts';

/** The API's words for a buyer's steps → the bank's. */
const STEPS: Readonly<Record<string, EmulatedStep>> = {
  scan: 'scan',
  confirm: 'confirm',
  scan_error: 'scanerror',
  confirm_error: 'confirmerror',
};

const argsSchema = z.object({ step: z.enum(Object.keys(STEPS)), provider_ref: z.string().min(1) });

/**
 * The buyer's hands in the bank's test contour (`test/payment/…`, Kaspi QR v3.9 §5.2-5.5): what came of a step is seen by
 * asking about the purchase. Never sent under a live connection: whether such methods exist in production nobody knows.
 * ASSUMPTION: -999 is also how the bank refuses a step that does not fit the purchase; it documents no other refusal.
 */
export function emulatorQuestion(client: KaspiClient): Question {
  return {
    kind: 'emulate',
    async ask(call, { args }) {
      if (call.access.mode !== 'test') return { is: 'refused', failure: failureOf('test_mode_only', 'failed') };
      const read = argsSchema.safeParse(args);
      const step = read.success ? STEPS[read.data.step] : undefined;
      if (!read.success || step === undefined) return { is: 'refused', failure: failureOf('step_unknown', 'failed') };
      const options = { ...call, testContour: true };
      const answer = await client.emulate(endpointOf(call.access), step, read.data.provider_ref, options);
      if (answer.is === 'ok') return { is: 'answered', answer: {} };
      const isDecided = answer.is === 'refused' || isMisconfigured(answer);
      return { is: isDecided ? 'refused' : 'unreachable', failure: failureOfAnswer(answer) };
    },
  };
}
