import type { Failure } from '@tolem/contracts';
import { deviceToken } from './device-token.ts';
import type { OperationWork } from './execute.ts';
import type { Lease } from './lease.ts';
import { callOf, type Operation, requestIdOf } from './operation.ts';
import { ended, failureOf, started } from './payment-life.ts';
import type { Access, Call, CriticalMethod, HarmlessMethod, StartOutcome, StartRequest } from './provider.ts';
import { startCritical } from './start-critical.ts';
import type { PaymentSubject } from './subject.ts';
import { leaseOf, WAIT_FOR_CONNECTION_MS, type WorkRooms } from './work-rooms.ts';

/** Calls within one attempt: the first one, one repeat after a lost answer, and room for a new device registration. */
const MAX_TRIES = 4;
const MAX_LOST = 2;
const PAUSE_AFTER_NOT_SENT_MS = 400;

/**
 * Starts a payment: the device's token, the call, and the news, in that order, before the deadline or not at all. A lost
 * answer is repeated once, because what the provider made was never shown to anybody; lost again, the payment failed.
 */
export function startPayment(rooms: WorkRooms): OperationWork {
  return {
    slot: 'start',
    run: (operation) => new StartOfPayment(rooms, operation).run(),
    overloaded: (operation) =>
      new StartOfPayment(rooms, operation).fail(failureOf('provider_overloaded', 'provider_overloaded')),
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
    // Canceled or buried while nobody held the operation.
    if (this.#subject.picture.phase !== 'created')
      return this.#lease.end('refused', { because: this.#subject.picture.phase });
    if (this.#late) return this.fail(failureOf('not_started', 'not_started'));
    const { record } = this.#subject.picture;
    const method = this.rooms.provider.methods.find((candidate) => candidate.type === record.method);
    if (method === undefined) return this.fail(failureOf('method_not_available', 'failed'));
    const access = await this.rooms.connections.access(this.#subject.connectionId, this.operation.connectionVersion);
    if (access === undefined) return this.#lease.giveBack(WAIT_FOR_CONNECTION_MS);
    if (method.effect === 'critical') await this.#once(method, access);
    else await this.#tryUntilCertain(method, access);
  }

  async fail(failure: Failure): Promise<void> {
    const next = { ...this.#subject, picture: ended(this.#subject.picture, 'failed', failure) };
    await this.#write(next, 'refused', { failure: failure.code });
  }

  /** A call that must happen once. */
  async #once(method: CriticalMethod, access: Access): Promise<void> {
    const { record } = this.#subject.picture;
    if (!(await this.#lease.holdForCall())) return;
    const token = await deviceToken(this.rooms, this.#subject, access, record.tradePointRef, () => this.#call(access));
    if (token.is === 'unreachable') return this.#lease.giveBack(PAUSE_AFTER_NOT_SENT_MS);
    if (token.is === 'refused') return this.fail(token.failure);
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
    if (outcome.outcome.is === 'started') await this.#started(outcome.outcome);
    else await this.fail(outcome.outcome.failure);
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
          return this.fail(outcome.failure);
        case 'device_unknown':
          if (registeredAgain || this.#subject.deviceId === null) return this.fail(outcome.failure);
          registeredAgain = true;
          await this.rooms.bindings.forget(this.#subject.deviceId, access.connectionId);
          break;
        case 'not_sent':
          last = outcome.failure;
          await this.rooms.pause(PAUSE_AFTER_NOT_SENT_MS * this.#tries);
          break;
        case 'lost':
          last = outcome.failure;
          lost += 1;
          if (lost >= MAX_LOST) return this.fail(outcome.failure);
          break;
      }
    }
    await this.fail(last);
  }

  async #tryOnce(method: HarmlessMethod, access: Access): Promise<StartOutcome> {
    const { record } = this.#subject.picture;
    const token = await deviceToken(this.rooms, this.#subject, access, record.tradePointRef, () => this.#call(access));
    if (token.is !== 'token') return { is: token.is === 'refused' ? 'refused' : 'not_sent', failure: token.failure };
    if (!(await this.#lease.holdForCall())) return { is: 'not_sent', failure: failureOf('not_started', 'not_started') };
    return method.start(this.#call(access), requestOf(this.#subject, token.token));
  }

  async #started(outcome: Extract<StartOutcome, { is: 'started' }>): Promise<void> {
    const next = { ...this.#subject, picture: started(this.#subject.picture, outcome, this.rooms.clock.now()) };
    const written = await this.#write(next, 'done', { provider_ref: outcome.providerRef });
    if (written) await this.rooms.polling.begin({ ...next, seq: next.seq + 1 });
  }

  async #write(next: PaymentSubject, state: 'done' | 'refused', answer: unknown): Promise<boolean> {
    const end = { id: this.operation.id, attempt: this.operation.attempt, state, answer };
    if (await this.rooms.store.write(next, true, end)) return true;
    // Canceled while the call was under way: what the provider made was never shown and dies by itself.
    await this.#lease.end('refused', { because: 'the payment had ended', ...(answer as object) });
    return false;
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
