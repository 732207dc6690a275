import { setTimeout as later } from 'node:timers/promises';
import { answerContext, produce, type QuestionAnswer, questionAnswerSchema, questionAsk } from '@tolem/contracts';
import type { Answers } from '@tolem/coordination';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import { type Bus, BUS } from '@tolem/messaging';
import { SealBroken, type Sealer } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ApiProblem } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { overloaded } from '../payments/connection-problem.ts';
import { ANSWERS, CLOCK, CLOSING, IDS } from '../tokens.ts';
import { SEALER } from '../webhooks/webhook-settings.ts';
import { noAnswer } from './question.problem.ts';
import { QUESTION_SETTINGS, type QuestionSettings } from './question-settings.ts';

/** Whom to ask; ids are UUIDs. */
export interface QuestionPlace {
  readonly provider: string;
  readonly connection: string;
  /** At least this version of the connection is needed. */
  readonly connection_version: number;
  /** Null where the question is nobody's device's. */
  readonly desk: string | null;
  readonly trade_point_ref: string | null;
}

export interface ProviderQuestion {
  readonly caller: KeyAuth;
  /** As the provider's service calls it. */
  readonly kind: string;
  readonly args: Readonly<Record<string, string>>;
  /** Found once there is room to wait. Throws what the caller is told instead. */
  readonly place: () => Promise<QuestionPlace>;
  readonly gone: AbortSignal;
  readonly traceparent: string | undefined;
}

/**
 * Asks a provider's service something that a person waits for. The arguments travel sealed, the answer comes back sealed, and
 * neither is written down anywhere: no outbox, no event, no log. An answer that is lost is asked for again by the person.
 */
@Injectable()
export class AskProvider {
  #waiting = 0;

  constructor(
    private readonly outbox: OutboxRows,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(ANSWERS) private readonly answers: Answers,
    @Inject(SEALER) private readonly sealer: Sealer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
    @Inject(CLOSING) private readonly closing: AbortSignal,
    @Inject(QUESTION_SETTINGS) private readonly settings: QuestionSettings,
  ) {}

  /** Throws 503 where too many wait, 504 where nothing came before the deadline. */
  async run(question: ProviderQuestion): Promise<{ readonly answer: QuestionAnswer; readonly provider: string }> {
    if (this.#waiting >= this.settings.maxWaiting || this.closing.aborted)
      throw overloaded('Too many questions wait for an answer at this moment. Repeat the request.');
    this.#waiting += 1;
    try {
      const place = await question.place();
      const answer = await this.#ask(question, place);
      if (answer === undefined) throw noAnswer(place.provider);
      return { answer, provider: place.provider };
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Undefined where nothing came before the deadline, or nobody waits any more. */
  async #ask(question: ProviderQuestion, place: QuestionPlace): Promise<QuestionAnswer | undefined> {
    const { caller, kind, args, gone, traceparent } = question;
    const id = this.ids.next('que');
    const sealed = await this.sealer.seal(
      { tenant: caller.tenantId },
      JSON.stringify(args),
      `${questionAsk.type}:${id}`,
    );
    const over = new AbortController();
    const end = (): void => over.abort();
    let told: string | undefined;
    // Listens before it asks: who listens too late never hears the answer.
    const stopListening = this.answers.listen(id, (text) => {
      told ??= text;
      end();
    });
    for (const signal of [gone, this.closing]) signal.addEventListener('abort', end);
    try {
      const { provider } = place;
      const { tenantId, mode } = caller;
      const address = this.outbox.addressOf({ provider, subject: id, lane: id, tenantId, mode, traceparent });
      this.bus.announce(
        produce(questionAsk, address, {
          op_id: `${id}.ask`,
          subject_id: id,
          connection_id: idFromUuid('con', place.connection),
          connection_version: place.connection_version,
          device_id: place.desk === null ? null : idFromUuid('dsk', place.desk),
          lane: id,
          kind,
          trade_point_ref: place.trade_point_ref,
          deadline: new Date(this.clock.now() + this.settings.deadlineMs).toISOString(),
          sealed: sealed.toString('base64'),
        }),
      );
      if (!gone.aborted && !over.signal.aborted)
        await later(this.settings.deadlineMs, undefined, { signal: over.signal }).catch(() => undefined);
    } finally {
      stopListening();
      for (const signal of [gone, this.closing]) signal.removeEventListener('abort', end);
    }
    return told === undefined ? undefined : this.#opened(id, told);
  }

  /** No error of this tells what could not be read: it may hold a name. */
  async #opened(id: string, told: string): Promise<QuestionAnswer> {
    try {
      const plain = await this.sealer.open(Buffer.from(told, 'base64'), answerContext(id));
      return questionAnswerSchema.parse(JSON.parse(plain.toString('utf8')));
    } catch (error) {
      if (error instanceof SealBroken || error instanceof z.ZodError || error instanceof SyntaxError)
        throw new ApiProblem(503, 'provider_unavailable', 'The answer could not be read. Repeat the request later.', {
          retryable: true,
        });
      throw error;
    }
  }
}
