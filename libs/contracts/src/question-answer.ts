import { z } from 'zod';
import { failureSchema } from './events.ts';

/** Characters of one word of an answer. */
const MAX_WORD = 500;

/**
 * The answer to a question (`question.ask`). It does not travel on the bus and is kept nowhere: whoever waits for it hears
 * it as JSON, sealed with the tenant's data key under `answerContext(question)`, in base64.
 */
export const questionAnswerSchema = z.discriminatedUnion('is', [
  z.object({ is: z.literal('answered'), answer: z.record(z.string().max(64), z.string().max(MAX_WORD)) }),
  z.object({
    is: z.literal('refused'),
    failure: failureSchema,
    /** Where the failure is `rate_limited`: when it may be asked again. */
    retry_after_ms: z.number().int().positive().optional(),
  }),
  /** The provider could not be asked, or did not answer. */
  z.object({ is: z.literal('unreachable'), failure: failureSchema }),
]);

export type QuestionAnswer = z.infer<typeof questionAnswerSchema>;

/** What the answer to a question is sealed under. */
export function answerContext(questionId: string): string {
  return `question:${questionId}`;
}
