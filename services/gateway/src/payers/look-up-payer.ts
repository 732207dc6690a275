import { setTimeout as later } from 'node:timers/promises';
import {
  answerContext,
  produce,
  providerNamed,
  PROVIDERS,
  type QuestionAnswer,
  questionAnswerSchema,
  questionAsk,
} from '@tolem/contracts';
import type { Answers } from '@tolem/coordination';
import { type Clock, idFromUuid, type IdFactory } from '@tolem/domain';
import { type Bus, BUS } from '@tolem/messaging';
import { SealBroken, type Sealer } from '@tolem/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { z } from 'zod';
import { ApiProblem, notFound, unprocessable } from '../http/api-problem.ts';
import type { KeyAuth } from '../http/auth.ts';
import { OutboxRows } from '../outbox-rows.ts';
import { connectionProblem, type ConnectionRefusal, overloaded } from '../payments/connection-problem.ts';
import { TenantFunctions } from '../tenant-functions.ts';
import { ANSWERS, CLOCK, CLOSING, IDS } from '../tokens.ts';
import { SEALER } from '../webhooks/webhook-settings.ts';
import { noAnswer, payerProblem } from './payer.problem.ts';
import type { LookUpPayerBody, PayerView } from './payer.schema.ts';
import { PAYER_SETTINGS, type PayerSettings } from './payer-settings.ts';

/** What provider services call this question. */
const QUESTION = 'payer';

const SCHEMES = Object.fromEntries(
  PROVIDERS.map(({ name, schemes }) => [
    name,
    schemes.filter(({ questions }) => questions?.includes(QUESTION)).map((scheme) => scheme.name),
  ]),
);

const answerSchema = z.object({ name: z.string().min(1) });

/** Whom to ask; ids are UUIDs. */
interface Place {
  readonly desk: string;
  readonly connection: string;
  readonly connection_version: number;
  readonly provider: string;
  readonly trade_point_ref: string | null;
}

type PlaceAnswer =
  | (Place & { readonly outcome: 'found' })
  | { readonly outcome: 'desk_not_found' | 'question_not_available' }
  | (ConnectionRefusal & { readonly provider?: string });

export interface LookUpCall {
  readonly caller: KeyAuth;
  readonly body: LookUpPayerBody;
  readonly gone: AbortSignal;
  readonly traceparent: string | undefined;
}

/**
 * Whose phone it is, for the cashier to compare with who stands there. The phone travels sealed, the name comes back sealed,
 * and neither is written down anywhere: no outbox, no event, no log. An answer that is lost is asked for again by the person.
 */
@Injectable()
export class LookUpPayer {
  #waiting = 0;

  constructor(
    private readonly functions: TenantFunctions,
    private readonly outbox: OutboxRows,
    @Inject(BUS) private readonly bus: Bus,
    @Inject(ANSWERS) private readonly answers: Answers,
    @Inject(SEALER) private readonly sealer: Sealer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(IDS) private readonly ids: IdFactory,
    @Inject(CLOSING) private readonly closing: AbortSignal,
    @Inject(PAYER_SETTINGS) private readonly settings: PayerSettings,
  ) {}

  async run(call: LookUpCall): Promise<PayerView> {
    if (this.#waiting >= this.settings.maxWaiting || this.closing.aborted)
      throw overloaded('Too many payers are looked up at this moment. Repeat the request.');
    this.#waiting += 1;
    try {
      const place = await this.#placeOf(call);
      const answer = await this.#ask(call, place);
      if (answer === undefined) throw noAnswer(place.provider);
      if (answer.is !== 'answered') throw payerProblem(answer, place.provider);
      return { object: 'payer', name: answerSchema.parse(answer.answer).name };
    } finally {
      this.#waiting -= 1;
    }
  }

  async #placeOf({ caller, body }: LookUpCall): Promise<Place> {
    const place = await this.functions.one<PlaceAnswer>('payer_desk', caller, { desk: body.desk, schemes: SCHEMES });
    switch (place.outcome) {
      case 'found':
        return place;
      case 'desk_not_found':
        throw notFound('desk');
      case 'question_not_available': {
        const detail = 'No connection of this organization can say whose phone it is.';
        throw unprocessable('question_not_available', '/desk', detail);
      }
      default: {
        const name = place.provider ?? '';
        throw connectionProblem(place, { name, title: providerNamed(name)?.title ?? name }, '/desk');
      }
    }
  }

  /** Undefined where nothing came before the deadline, or nobody waits any more. */
  async #ask({ caller, body, gone, traceparent }: LookUpCall, place: Place): Promise<QuestionAnswer | undefined> {
    const id = this.ids.next('que');
    const sealed = await this.sealer.seal(
      { tenant: caller.tenantId },
      JSON.stringify({ phone: body.phone }),
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
      const address = this.outbox.addressOf({
        provider: place.provider,
        subject: id,
        lane: id,
        tenantId: caller.tenantId,
        mode: caller.mode,
        traceparent,
      });
      this.bus.announce(
        produce(questionAsk, address, {
          op_id: `${id}.ask`,
          subject_id: id,
          connection_id: idFromUuid('con', place.connection),
          connection_version: place.connection_version,
          device_id: idFromUuid('dsk', place.desk),
          lane: id,
          kind: QUESTION,
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
