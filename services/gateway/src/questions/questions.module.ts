import { Module } from '@nestjs/common';
import { AskProvider } from './ask-provider.ts';
import { DEFAULT_QUESTION_SETTINGS, QUESTION_SETTINGS } from './question-settings.ts';

/** What a person asks of a provider and waits for; one bound for all of them. */
@Module({
  providers: [{ provide: QUESTION_SETTINGS, useValue: DEFAULT_QUESTION_SETTINGS }, AskProvider],
  exports: [AskProvider],
})
export class QuestionsModule {}
