import { answerContext, type Envelope, type QuestionAnswer } from '@tolem/contracts';
import type { MemoryAnswers } from '@tolem/coordination';
import type { PaymentHouse } from '../../payments/test/payment-house.ts';
import { AskProvider } from '../ask-provider.ts';
import type { QuestionSettings } from '../question-settings.ts';

/** Asks as the gateway does, in a house whose provider's service is the spec. */
export function askProvider(house: PaymentHouse, answers: MemoryAnswers, settings: QuestionSettings): AskProvider {
  const { outboxRows, bus, sealer, clock, ids, closing } = house;
  return new AskProvider(outboxRows, bus, answers, sealer, clock, ids, closing.signal, settings);
}

/** Answers a question as the provider's service does: sealed for that question alone. */
export async function tellAnswer(
  house: PaymentHouse,
  answers: MemoryAnswers,
  question: Envelope,
  { tenant, answer }: { readonly tenant: string; readonly answer: QuestionAnswer },
): Promise<void> {
  const sealed = await house.sealer.seal({ tenant }, JSON.stringify(answer), answerContext(question.subject));
  answers.tell(question.subject, sealed.toString('base64'));
}
