import type { Failure } from '@tolem/contracts';
import type { Access, Call } from '../call.ts';
import { deviceToken, type TokenOutcome } from '../devices/device-token.ts';
import type { Lease } from './lease.ts';
import { callOf, type Operation, requestIdOf } from './operation.ts';
import type { MoneySubject, Subject } from '../subject.ts';
import type { FollowingOperation, OperationEnd } from '../subject-store.ts';
import { leaseOf, type WorkRooms } from './work-rooms.ts';

const MAX_WRITES = 5;

/** What the work on a kind of subject needs to know of it. */
export interface WorkAbout<S extends MoneySubject> {
  is(subject: Subject | undefined): subject is S;
  /** The subject has ended, or gone where this operation has nothing to say any more. */
  over(subject: S): boolean;
  failed(subject: S, failure: Failure): S;
  /** Past it nothing is sent for the first time; epoch ms. */
  readonly startBy: number | null;
}

/** An operation in the hands of this process, with the payment or refund that it is about. */
export class WorkInHand<S extends MoneySubject> {
  readonly lease: Lease;
  tries = 0;

  constructor(
    readonly rooms: WorkRooms,
    readonly operation: Operation,
    public subject: S,
    private readonly about: WorkAbout<S>,
  ) {
    this.lease = leaseOf(rooms, operation);
  }

  get late(): boolean {
    const until = this.operation.repeat?.until ?? this.about.startBy;
    return until !== null && this.rooms.clock.now() >= until;
  }

  /** The next call of this attempt, under an id of its own. */
  call(access: Access): Call {
    this.tries += 1;
    return this.#callUnder(access, requestIdOf(this.operation.id, this.operation.attempt, this.tries));
  }

  /** The operation's one call, made again: whichever try and attempt, in whatever process, it has the same id. */
  sameCall(access: Access): Call {
    this.tries += 1;
    return this.#callUnder(access, requestIdOf(this.operation.id, 0, 0));
  }

  #callUnder(access: Access, requestId: string): Call {
    return callOf(access, requestId, () => this.lease.valid && !this.late);
  }

  token(access: Access, tradePointRef: string | null): Promise<TokenOutcome> {
    return deviceToken(this.rooms, this.subject, access, tradePointRef, () => this.call(access));
  }

  /** The provider no longer knows the device: whoever needs it next registers it again. */
  async forgetDevice(): Promise<void> {
    if (this.subject.deviceId === null) return;
    await this.rooms.bindings.forget(this.subject.deviceId, this.operation.connectionId);
  }

  async fail(failure: Failure): Promise<void> {
    await this.write((subject) => this.about.failed(subject, failure), 'refused', { failure: failure.code });
  }

  /**
   * Writes what the subject has become together with the end of the operation. The subject as written, or null where
   * this operation has nothing to say any more.
   */
  async write(
    change: (subject: S) => S,
    state: OperationEnd['state'],
    answer: object,
    then: (subject: S) => FollowingOperation | null = () => null,
  ): Promise<S | null> {
    const end = { id: this.operation.id, attempt: this.operation.attempt, state, answer };
    for (let tries = 1; tries <= MAX_WRITES; tries += 1) {
      const next = change(this.subject);
      if (await this.rooms.store.write(next, true, end, then(next))) return { ...next, seq: next.seq + 1 };
      const [subject] = await this.rooms.store.load([this.subject.id]);
      // The operation is another process's by now.
      if (!this.about.is(subject) || subject.seq === this.subject.seq) return null;
      if (this.about.over(subject)) {
        // Canceled while the call was under way: what the provider made was never shown and dies by itself.
        await this.lease.end('refused', { because: `the ${subject.kind} had ended`, ...answer });
        return null;
      }
      // A cancel was noted while a call that must happen once was under way: the end says what became of it.
      this.subject = subject;
    }
    throw new Error(`${this.subject.id} changed ${MAX_WRITES} times while an operation's end was being written`);
  }
}
