import {
  answerContext,
  type QuestionAnswer,
  type QuestionAsk,
  questionAnswerSchema,
  questionAsk,
} from '@tolem/contracts';
import type { Answers, Slots, TokenBuckets } from '@tolem/coordination';
import { inSpan } from '@tolem/observability';
import type { Sealer } from '@tolem/persistence';
import type { Access, Call } from '../call.ts';
import type { Connections } from '../connections/connections.ts';
import type { DeviceBindings } from '../devices/device-bindings.ts';
import { deviceToken, ownerOf } from '../devices/device-token.ts';
import { failureOf } from '../failure-of.ts';
import { callOf, requestIdOf } from '../operations/operation.ts';
import { openFields } from '../payments/personal-fields.ts';
import type { Provider } from '../provider.ts';
import type { Question, QuestionOutcome } from './question.ts';
import type { KitSurroundings } from '../settings.ts';
import type { SubjectFrame } from '../subject.ts';

export interface QuestionRooms {
  readonly provider: Provider;
  readonly connections: Connections;
  readonly bindings: DeviceBindings;
  readonly sealer: Sealer;
  readonly slots: Slots;
  readonly buckets: TokenBuckets;
  readonly answers: Answers;
}

interface Asked {
  readonly frame: SubjectFrame;
  readonly body: QuestionAsk;
  /** Epoch ms. */
  readonly deadline: number;
}

/** Questions that wait for a slot; whoever asks one more is told so at once. */
const MAX_WAITING = 512;
const RETRY_SLOT_MS = 25;
/** A device that the provider does not know is registered again once. */
const MAX_DEVICES = 2;

/**
 * Questions that somebody waits for. Nothing of them is written down: one that nobody waits for any more is not asked, and
 * one that a process took with it when it died is asked again by the person who waited. They share the slots of polls, so
 * they never hold up a start.
 */
export class Questions {
  #waiting: Asked[] = [];
  readonly #running = new Set<Promise<void>>();
  #pumping = false;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(
    private readonly rooms: QuestionRooms,
    private readonly around: KitSurroundings,
  ) {}

  /** Takes a question in; returns at once. */
  take(frame: SubjectFrame, body: QuestionAsk): void {
    if (this.#stopped) return;
    const asked: Asked = { frame, body, deadline: Date.parse(body.deadline) };
    if (this.#waiting.length >= MAX_WAITING) {
      const failure = failureOf('provider_overloaded', 'provider_overloaded');
      this.#track(this.#answer(asked, { is: 'unreachable', failure }));
      return;
    }
    this.#waiting.push(asked);
    this.#pump();
  }

  /** Begins nothing more and waits for what runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    this.#waiting = [];
    await Promise.allSettled([...this.#running]);
  }

  #pump(): void {
    if (this.#pumping || this.#stopped) return;
    this.#pumping = true;
    clearTimeout(this.#retry);
    void this.#beginWhatMay()
      .catch((error: unknown) => this.around.log.warn({ err: error }, 'taking slots for questions broke off'))
      .finally(() => {
        this.#pumping = false;
        // Slots may be held by polls, whose end nobody tells us.
        if (this.#waiting.length > 0 && !this.#stopped) this.#retry = setTimeout(() => this.#pump(), RETRY_SLOT_MS);
      });
  }

  async #beginWhatMay(): Promise<void> {
    const full = new Set<string>();
    for (const asked of [...this.#waiting]) {
      if (this.#isOver(asked)) {
        this.#drop(asked);
        continue;
      }
      const { connectionId } = asked.frame;
      if (full.has(connectionId)) continue;
      const giveBack = await this.rooms.slots.tryTake(connectionId, 'poll');
      if (giveBack === undefined) {
        full.add(connectionId);
        continue;
      }
      if (this.#stopped) return giveBack();
      this.#drop(asked);
      this.#track(this.#ask(asked).finally(giveBack));
    }
  }

  #drop(asked: Asked): void {
    this.#waiting = this.#waiting.filter((other) => other !== asked);
  }

  #isOver({ deadline }: Asked): boolean {
    return this.around.clock.now() >= deadline;
  }

  #track(running: Promise<void>): void {
    const guarded = running.catch((error: unknown) =>
      this.around.log.error({ err: error }, 'a question could not be answered'),
    );
    this.#running.add(guarded);
    void guarded.finally(() => this.#running.delete(guarded));
  }

  async #ask(asked: Asked): Promise<void> {
    const parent = asked.frame.traceparent ?? undefined;
    await inSpan(questionAsk.type, { kind: 'consumer', parent }, async () => {
      const answer = await this.#answerOf(asked);
      if (answer !== null) await this.#answer(asked, answer);
    });
  }

  /** Null where nobody waits any more. */
  async #answerOf(asked: Asked): Promise<QuestionAnswer | null> {
    const { frame, body } = asked;
    const question = this.rooms.provider.questions.find(({ kind }) => kind === body.kind);
    if (question === undefined) return { is: 'refused', failure: failureOf('question_not_available', 'failed') };
    const access = await this.rooms.connections.access(body.connection_id, body.connection_version);
    if (access === undefined)
      return { is: 'unreachable', failure: failureOf('provider_unavailable', 'provider_unavailable') };
    if (!access.enabled) return { is: 'refused', failure: failureOf('connection_disabled', 'desk_setup') };
    const args = await openFields(this.rooms.sealer, body.sealed, `${questionAsk.type}:${frame.id}`);
    if (args === undefined) return { is: 'refused', failure: failureOf('request_unreadable', 'failed') };
    if (this.#isOver(asked)) return null;
    const limited = await this.#limited(question, asked);
    return limited ?? this.#asked(question, asked, access, args);
  }

  async #limited({ kind, limit }: Question, { body }: Asked): Promise<QuestionAnswer | null> {
    if (limit === undefined) return null;
    const key = `question:${kind}:${body.connection_id}:${body.device_id ?? ''}`;
    const take = await this.rooms.buckets.tryTake(key, limit);
    if (take.ok) return null;
    const failure = failureOf('rate_limited', 'provider_overloaded');
    return { is: 'refused', failure, retry_after_ms: take.afterMs };
  }

  async #asked(
    question: Question,
    asked: Asked,
    access: Access,
    args: Readonly<Record<string, string>>,
  ): Promise<QuestionAnswer> {
    const { frame, body } = asked;
    let calls = 0;
    const call = (): Call => callOf(access, requestIdOf(body.op_id, 1, (calls += 1)), () => !this.#isOver(asked));
    let outcome: QuestionOutcome = {
      is: 'unreachable',
      failure: failureOf('provider_unavailable', 'provider_unavailable'),
    };
    for (let devices = 1; devices <= MAX_DEVICES; devices += 1) {
      const token =
        frame.deviceId === null
          ? { is: 'token' as const, token: null }
          : await deviceToken(this.rooms, frame, access, body.trade_point_ref, call);
      if (token.is !== 'token') return { is: token.is, failure: token.failure };
      outcome = await question.ask(call(), { deviceToken: token.token, args });
      if (outcome.is !== 'device_unknown' || frame.deviceId === null) break;
      await this.rooms.bindings.forget(frame.deviceId, access.connectionId);
    }
    switch (outcome.is) {
      case 'answered':
        return { is: 'answered', answer: outcome.answer };
      case 'refused':
      case 'device_unknown':
        return { is: 'refused', failure: outcome.failure };
      case 'unreachable':
        return outcome;
    }
  }

  async #answer({ frame }: Asked, answer: QuestionAnswer): Promise<void> {
    const sealed = await this.rooms.sealer.seal(
      ownerOf(frame),
      JSON.stringify(questionAnswerSchema.parse(answer)),
      answerContext(frame.id),
    );
    this.rooms.answers.tell(frame.id, sealed.toString('base64'));
  }
}
