import { brokenConstraint } from '@tolem/persistence';
import type { Access } from '../call.ts';
import type { OperationWork } from '../operations/execute.ts';
import { failureOf } from '../failure-of.ts';
import type { Operation } from '../operations/operation.ts';
import { ended, started } from './payment-life.ts';
import type { HarmlessMethod, StartOutcome } from './payment-method.ts';
import { methodOf, paymentStartCall, startRequestOf, UNREADABLE } from './payment-start-call.ts';
import { sendCritical } from '../operations/send-critical.ts';
import type { PaymentSubject } from '../subject.ts';
import { PROVIDER_REF_TAKEN } from '../subject-store.ts';
import { tryUntilCertain } from '../operations/try-until-certain.ts';
import { WorkInHand } from '../operations/work-in-hand.ts';
import { WAIT_FOR_CONNECTION_MS, type WorkRooms } from '../operations/work-rooms.ts';

/**
 * Starts a payment: the device's token, the call, and the news, in that order, before the deadline or not at all. After a
 * lost answer it is made again, because what the provider made was never shown to anybody or is the same; lost too often,
 * the payment failed.
 * A start that must happen once goes another way (`sendCritical`).
 */
export function startPayment(rooms: WorkRooms): OperationWork {
  return {
    slot: 'start',
    run: (operation) => new StartOfPayment(rooms, operation).run(),
    overloaded: (operation) => new StartOfPayment(rooms, operation).overloaded(),
  };
}

type Started = Extract<StartOutcome, { is: 'started' }>;

class StartOfPayment {
  readonly #work: WorkInHand<PaymentSubject>;

  constructor(
    private readonly rooms: WorkRooms,
    operation: Operation,
  ) {
    const { subject } = operation;
    if (subject.kind !== 'payment') throw new Error(`${operation.id} starts something that is no payment`);
    this.#work = new WorkInHand(rooms, operation, subject, {
      is: (one): one is PaymentSubject => one?.kind === 'payment',
      over: ({ picture }) => picture.phase !== 'created',
      failed: (one, failure) => ({ ...one, picture: ended(one.picture, 'failed', failure) }),
      startBy: subject.startBy,
    });
  }

  async run(): Promise<void> {
    const work = this.#work;
    if (await this.#endedAlready()) return;
    if (work.late) return work.fail(failureOf('not_started', 'not_started'));
    const method = methodOf(this.rooms.provider, work.subject);
    if (method === undefined) return work.fail(failureOf('method_not_available', 'failed'));
    const { operation, subject } = work;
    const access = await this.rooms.connections.access(operation.connectionId, operation.connectionVersion);
    if (access === undefined) return work.lease.giveBack(WAIT_FOR_CONNECTION_MS);
    if (!access.enabled) return work.fail(failureOf('connection_disabled', 'desk_setup'));
    if (method.effect !== 'critical') return this.#harmless(method, access);
    await sendCritical(work, access, subject.picture.record.tradePointRef, (token) =>
      paymentStartCall(this.rooms, operation, subject, token),
    );
  }

  async overloaded(): Promise<void> {
    if (await this.#endedAlready()) return;
    await this.#work.fail(failureOf('provider_overloaded', 'provider_overloaded'));
  }

  /** Canceled or buried while nobody held the operation, or while a call that must happen once came to nothing. */
  async #endedAlready(): Promise<boolean> {
    const work = this.#work;
    const { phase, record } = work.subject.picture;
    if (phase !== 'created') {
      await work.lease.end('refused', { because: phase });
      return true;
    }
    if (record.cancel === null) return false;
    const canceled = (one: PaymentSubject): PaymentSubject => ({
      ...one,
      picture: ended(one.picture, 'canceled', null),
    });
    await work.write(canceled, 'refused', { because: 'canceled' });
    return true;
  }

  async #harmless(method: HarmlessMethod, access: Access): Promise<void> {
    const work = this.#work;
    const { tradePointRef } = work.subject.picture.record;
    const outcome = await tryUntilCertain<PaymentSubject, Started>(
      work,
      access,
      tradePointRef,
      method.effect,
      async (call, token): Promise<StartOutcome> => {
        const request = await startRequestOf(this.rooms, work.operation, work.subject, token);
        return request === undefined ? { is: 'refused', failure: UNREADABLE } : method.start(call, request);
      },
    );
    if (outcome === null) return;
    if (outcome.is === 'started') return this.#started(outcome);
    await work.fail(outcome.failure);
    if (outcome.is === 'not_reached') await this.rooms.polling.suspect(work.operation.connectionId);
  }

  async #started(outcome: Started): Promise<void> {
    const now = this.rooms.clock.now();
    const begun = (one: PaymentSubject): PaymentSubject => ({ ...one, picture: started(one.picture, outcome, now) });
    try {
      const written = await this.#work.write(begun, 'done', { provider_ref: outcome.providerRef });
      if (written !== null) await this.rooms.polling.begin(written);
    } catch (error) {
      if (brokenConstraint(error) !== PROVIDER_REF_TAKEN) throw error;
      await this.#refTaken(outcome.providerRef);
    }
  }

  /** The provider gave an id that belongs to another payment: its code must not be shown, it would pay the other one. */
  async #refTaken(providerRef: string): Promise<void> {
    this.rooms.log.error(
      { payment: this.#work.subject.id, provider_ref: providerRef },
      'the provider gave an id that belongs to another payment',
    );
    await this.#work.fail(failureOf('provider_answer_wrong', 'failed'));
  }
}
