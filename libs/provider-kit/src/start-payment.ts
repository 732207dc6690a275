import type { Failure } from '@tolem/contracts';
import { brokenConstraint } from '@tolem/persistence';
import { deviceToken } from './device-token.ts';
import type { OperationWork } from './execute.ts';
import type { Lease } from './lease.ts';
import { callOf, type Operation, requestIdOf } from './operation.ts';
import { ended, failureOf, started } from './payment-life.ts';
import type { PaymentPicture } from './payment-picture.ts';
import type { Access, Call, CriticalMethod, HarmlessMethod, StartOutcome, StartRequest } from './provider.ts';
import { startCritical } from './start-critical.ts';
import type { PaymentSubject } from './subject.ts';
import { PROVIDER_REF_TAKEN } from './subject-store.ts';
import { leaseOf, WAIT_FOR_CONNECTION_MS, type WorkRooms } from './work-rooms.ts';

/** Calls within one attempt: the first one, one repeat after a lost answer, and room for a new device registration. */
const MAX_TRIES = 4;
const MAX_LOST = 2;
const PAUSE_AFTER_NOT_SENT_MS = 400;
const MAX_WRITES = 5;

/**
 * Starts a payment: the device's token, the call, and the news, in that order, before the deadline or not at all. A lost
 * answer is repeated once, because what the provider made was never shown to anybody; lost again, the payment failed.
 */
export function startPayment(rooms: WorkRooms): OperationWork {
  return {
    slot: 'start',
    run: (operation) => new StartOfPayment(rooms, operation).run(),
    overloaded: (operation) => new StartOfPayment(rooms, operation).overloaded(),
  };
}

class StartOfPayment {
  readonly #lease: Lease;
  #subject: PaymentSubject;
  #tries = 0;

  constructor(
    private readonly rooms: WorkRooms,
    private readonly operation: Operation,
  ) {
    if (operation.subject.kind !== 'payment') throw new Error(`${operation.id} starts something that is no payment`);
    this.#subject = operation.subject;
    this.#lease = leaseOf(rooms, operation);
  }

  async run(): Promise<void> {
    if (await this.#endedAlready()) return;
    if (this.#late) return this.#fail(failureOf('not_started', 'not_started'));
    const { record } = this.#subject.picture;
    const method = this.rooms.provider.methods.find((candidate) => candidate.type === record.method);
    if (method === undefined) return this.#fail(failureOf('method_not_available', 'failed'));
    const access = await this.rooms.connections.access(this.operation.connectionId, this.operation.connectionVersion);
    if (access === undefined) return this.#lease.giveBack(WAIT_FOR_CONNECTION_MS);
    if (!access.enabled) return this.#fail(failureOf('connection_disabled', 'desk_setup'));
    if (method.effect === 'critical') await this.#once(method, access);
    else await this.#tryUntilCertain(method, access);
  }

  async overloaded(): Promise<void> {
    if (await this.#endedAlready()) return;
    await this.#fail(failureOf('provider_overloaded', 'provider_overloaded'));
  }

  /** Canceled or buried while nobody held the operation, or while a call that must happen once came to nothing. */
  async #endedAlready(): Promise<boolean> {
    const { phase, record } = this.#subject.picture;
    if (phase !== 'created') {
      await this.#lease.end('refused', { because: phase });
      return true;
    }
    if (record.cancel === null) return false;
    await this.#write((picture) => ended(picture, 'canceled', null), 'refused', { because: 'canceled' });
    return true;
  }

  async #fail(failure: Failure): Promise<void> {
    await this.#write((picture) => ended(picture, 'failed', failure), 'refused', { failure: failure.code });
  }

  /** A call that must happen once. */
  async #once(method: CriticalMethod, access: Access): Promise<void> {
    const { record } = this.#subject.picture;
    if (!(await this.#lease.holdForCall())) return;
    const token = await deviceToken(this.rooms, this.#subject, access, record.tradePointRef, () => this.#call(access));
    if (token.is === 'unreachable') return this.#lease.giveBack(PAUSE_AFTER_NOT_SENT_MS);
    if (token.is === 'refused') return this.#fail(token.failure);
    const request = requestOf(this.#subject, token.token);
    const { rooms, operation } = this;
    const outcome = await startCritical(
      rooms,
      method,
      operation,
      this.#subject,
      access,
      request,
      this.#lease,
      () => !this.#late,
    );
    if (outcome.is === 'in_doubt') return;
    if (outcome.is === 'later') return this.#lease.giveBack(PAUSE_AFTER_NOT_SENT_MS);
    this.#subject = outcome.subject;
    if (outcome.outcome.is === 'started') return this.#started(outcome.outcome);
    // The next payment of this desk registers its device again.
    if (outcome.outcome.is === 'device_unknown') await this.#forgetDevice();
    await this.#fail(outcome.outcome.failure);
  }

  async #tryUntilCertain(method: HarmlessMethod, access: Access): Promise<void> {
    let lost = 0;
    let registeredAgain = false;
    let last: Failure = failureOf('not_started', 'not_started');
    while (this.#tries < MAX_TRIES) {
      if (this.#late) break;
      if (!(await this.#lease.holdForCall())) return;
      const outcome = await this.#tryOnce(method, access);
      switch (outcome.is) {
        case 'started':
          return this.#started(outcome);
        case 'refused':
          return this.#fail(outcome.failure);
        case 'device_unknown':
          if (registeredAgain || this.#subject.deviceId === null) return this.#fail(outcome.failure);
          registeredAgain = true;
          await this.#forgetDevice();
          break;
        case 'not_sent':
          last = outcome.failure;
          await this.rooms.pause(PAUSE_AFTER_NOT_SENT_MS * this.#tries);
          break;
        case 'lost':
          last = outcome.failure;
          lost += 1;
          if (lost >= MAX_LOST) return this.#notReached(outcome.failure);
          break;
      }
    }
    await this.#notReached(last);
  }

  async #notReached(failure: Failure): Promise<void> {
    await this.#fail(failure);
    await this.rooms.polling.suspect(this.operation.connectionId);
  }

  async #tryOnce(method: HarmlessMethod, access: Access): Promise<StartOutcome> {
    const { record } = this.#subject.picture;
    const token = await deviceToken(this.rooms, this.#subject, access, record.tradePointRef, () => this.#call(access));
    if (token.is !== 'token') return { is: token.is === 'refused' ? 'refused' : 'not_sent', failure: token.failure };
    if (!(await this.#lease.holdForCall())) return { is: 'not_sent', failure: failureOf('not_started', 'not_started') };
    return method.start(this.#call(access), requestOf(this.#subject, token.token));
  }

  async #started(outcome: Extract<StartOutcome, { is: 'started' }>): Promise<void> {
    const now = this.rooms.clock.now();
    const answer = { provider_ref: outcome.providerRef };
    try {
      const written = await this.#write((picture) => started(picture, outcome, now), 'done', answer);
      if (written !== null) await this.rooms.polling.begin(written);
    } catch (error) {
      if (brokenConstraint(error) !== PROVIDER_REF_TAKEN) throw error;
      await this.#refTaken(outcome.providerRef);
    }
  }

  /** The provider gave an id that belongs to another payment: its code must not be shown, it would pay the other one. */
  async #refTaken(providerRef: string): Promise<void> {
    this.rooms.log.error(
      { payment: this.#subject.id, provider_ref: providerRef },
      'the provider gave an id that belongs to another payment',
    );
    // What a critical call did is for the resolver, and then for a person, to find out.
    if (this.operation.class === 'critical') return;
    await this.#fail(failureOf('provider_answer_wrong', 'failed'));
  }

  /** The subject as written, or null where this start has nothing to say any more. */
  async #write(
    change: (picture: PaymentPicture) => PaymentPicture,
    state: 'done' | 'refused',
    answer: object,
  ): Promise<PaymentSubject | null> {
    const end = { id: this.operation.id, attempt: this.operation.attempt, state, answer };
    for (let tries = 1; tries <= MAX_WRITES; tries += 1) {
      const next = { ...this.#subject, picture: change(this.#subject.picture) };
      if (await this.rooms.store.write(next, true, end)) return { ...next, seq: next.seq + 1 };
      const [subject] = await this.rooms.store.load([this.#subject.id]);
      // The operation is another process's by now.
      if (subject?.kind !== 'payment' || subject.seq === this.#subject.seq) return null;
      if (subject.picture.phase !== 'created') {
        // Canceled while the call was under way: what the provider made was never shown and dies by itself.
        await this.#lease.end('refused', { because: 'the payment had ended', ...answer });
        return null;
      }
      // A cancel was noted while a call that must happen once was under way: the end says what became of it.
      this.#subject = subject;
    }
    throw new Error(`${this.#subject.id} changed ${MAX_WRITES} times while its start was being written`);
  }

  async #forgetDevice(): Promise<void> {
    if (this.#subject.deviceId === null) return;
    await this.rooms.bindings.forget(this.#subject.deviceId, this.operation.connectionId);
  }

  #call(access: Access): Call {
    this.#tries += 1;
    return callOf(
      access,
      requestIdOf(this.operation.id, this.operation.attempt, this.#tries),
      () => this.#lease.valid && !this.#late,
    );
  }

  get #late(): boolean {
    return this.#subject.startBy !== null && this.rooms.clock.now() >= this.#subject.startBy;
  }
}

function requestOf(subject: PaymentSubject, deviceToken: string | null): StartRequest {
  const { record } = subject.picture;
  return {
    paymentId: subject.id,
    amountMinor: record.amountMinor,
    currency: record.currency,
    reference: record.reference,
    deviceToken,
  };
}

/** The request as it was made, for whoever has to find out what became of it. */
export async function startRequestOf(rooms: WorkRooms, subject: PaymentSubject): Promise<StartRequest> {
  const { tradePointRef } = subject.picture.record;
  const token =
    subject.deviceId === null || tradePointRef === null
      ? undefined
      : await rooms.bindings.find(subject.deviceId, subject.connectionId, tradePointRef);
  return requestOf(subject, token ?? null);
}
