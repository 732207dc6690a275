import { paymentCancel, paymentStart } from '@tolem/contracts';
import type { CriticalCall, Found, Sent } from '../operations/critical-call.ts';
import { failureOf } from '../failure-of.ts';
import type { Operation } from '../operations/operation.ts';
import { ended, inDoubt, started } from './payment-life.ts';
import type { PaymentPicture } from './payment-picture.ts';
import type { CriticalMethod, DeviceUnknown, PaymentMethod, StartOutcome, StartRequest } from './payment-method.ts';
import { openFields } from './personal-fields.ts';
import type { Provider } from '../provider.ts';
import type { PaymentSubject } from '../subject.ts';
import type { FollowingOperation } from '../subject-store.ts';
import type { WorkRooms } from '../operations/work-rooms.ts';

type Started = Extract<StartOutcome, { is: 'started' }>;

const OUTCOME_UNKNOWN = failureOf('outcome_unknown', 'unknown_ask_admin');

export function methodOf(provider: Provider, subject: PaymentSubject): PaymentMethod | undefined {
  return provider.methods.find((candidate) => candidate.type === subject.picture.record.method);
}

/** The start of a payment whose effect must happen once: an invoice, a charge. */
export function paymentStartCall(
  rooms: WorkRooms,
  operation: Operation,
  subject: PaymentSubject,
  deviceToken: string | null,
): CriticalCall<PaymentSubject, Started> {
  const method = methodOf(rooms.provider, subject);
  if (method?.effect !== 'critical') throw new Error(`${operation.id} is in doubt and its method is gone`);
  const { resolve } = method;
  const request = async (): Promise<StartRequest | undefined> => startRequestOf(rooms, operation, subject, deviceToken);
  const paint = (to: PaymentSubject, picture: PaymentPicture): PaymentSubject => ({ ...to, picture });
  return {
    leavesFrom: ['created'],
    afterNotPerformed: method.afterNotPerformed,
    repeatWithinMs: null,
    async note(call) {
      const wanted = await request();
      return wanted === undefined ? { is: 'refused', failure: UNREADABLE } : method.note(call, wanted);
    },
    async send(call) {
      const wanted = await request();
      return wanted === undefined ? { is: 'refused', failure: UNREADABLE } : sent(await method.start(call, wanted));
    },
    resolve:
      resolve === null
        ? null
        : async (call, note): Promise<Found<Started> | DeviceUnknown> => {
            const wanted = await request();
            if (wanted === undefined) return { is: 'unclear', failure: UNREADABLE };
            const found = await resolve.call(method, call, wanted, note);
            return found.is === 'started' ? { is: 'performed', done: found } : found;
          },
    // A payment that nobody may start any more, that was asked to be canceled or was shown as unknown, is not begun anew
    // behind the till's back.
    mayRepeat: ({ startBy, picture }) =>
      (startBy === null || rooms.clock.now() < startBy) &&
      picture.record.cancel === null &&
      picture.phase === 'created',
    performed(now, done, evidence) {
      const picture = started(now.picture, done, rooms.clock.now());
      return evidence === 'stated'
        ? paint(now, picture)
        : paint(now, { ...picture, record: { ...picture.record, failure: null, evidence } });
    },
    refused: (now, failure) => paint(now, ended(now.picture, 'failed', failure)),
    notPerformed: (now, failure) =>
      paint(
        now,
        now.picture.record.cancel === null
          ? ended(now.picture, 'failed', failure)
          : ended(now.picture, 'canceled', null),
      ),
    inDoubt: (now, failure) => paint(now, inDoubt(now.picture, failure)),
    doubtOf: (failure) => doubtOf(method, failure),
    answerOf: ({ providerRef }) => ({ provider_ref: providerRef }),
    followedBy: (now) => cancelOf(method, now, operation.lane),
    begun: (written) => rooms.polling.begin(written),
  };
}

/** The personal fields of a payment cannot be opened with the keys that are here. */
export const UNREADABLE = failureOf('request_unreadable', 'failed');

/** The method's own words for the till, and the provider's for whoever looks into it. */
function doubtOf(method: CriticalMethod, failure: StartOutcomeFailure | null): StartOutcomeFailure {
  const told = method.inDoubt ?? OUTCOME_UNKNOWN;
  return failure === null ? told : { ...failure, code: told.code, cashier_key: told.cashier_key };
}
type StartOutcomeFailure = Extract<StartOutcome, { is: 'lost' }>['failure'];

function sent(outcome: StartOutcome): Sent<Started> {
  return outcome.is === 'started' ? { is: 'performed', done: outcome } : outcome;
}

/** A cancel that was noted while the start was under way, and that the provider can be asked for. */
function cancelOf(method: PaymentMethod, subject: PaymentSubject, lane: string): FollowingOperation | null {
  if (method.cancel === undefined || subject.picture.record.cancel === null) return null;
  return { id: `${subject.id}:cancel`, kind: paymentCancel.type, class: 'repeatable', lane, command: {} };
}

/** The request as it is made; undefined where its personal fields cannot be read. */
export async function startRequestOf(
  rooms: Pick<WorkRooms, 'sealer'>,
  { command }: Operation,
  subject: PaymentSubject,
  deviceToken: string | null,
): Promise<StartRequest | undefined> {
  const { record } = subject.picture;
  const { sealed } = command as { readonly sealed?: string };
  const personal =
    sealed === undefined ? null : await openFields(rooms.sealer, sealed, `${paymentStart.type}:${subject.id}`);
  if (personal === undefined) return undefined;
  return {
    paymentId: subject.id,
    amountMinor: record.amountMinor,
    currency: record.currency,
    reference: record.reference,
    deviceToken,
    personal,
  };
}
