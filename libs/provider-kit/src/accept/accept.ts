import {
  COMMANDS,
  type ConnectionPut,
  connectionPut,
  connectionVerify,
  deviceDelete,
  deviceRegister,
  type Envelope,
  type PaymentCancel,
  paymentCancel,
  paymentRefresh,
  paymentStart,
  type QuestionAsk,
  questionAsk,
  type RefundCancel,
  refundCancel,
  refundChoose,
  refundStart,
  type SubjectClose,
  subjectClose,
  subjectReport,
} from '@tolem/contracts';
import { UnreadableMessage } from '@tolem/messaging';
import { cancel, type CancelAsked, type CancelRooms } from './cancel.ts';
import type { EffectKind } from '../call.ts';
import { closeDoubt } from './close-doubt.ts';
import type { Connections } from '../connections/connections.ts';
import type { Operation } from '../operations/operation.ts';
import type { Questions } from '../questions/questions.ts';
import { type Asked, report } from './report.ts';
import type { KitSurroundings } from '../settings.ts';
import { sqlText } from '../sql-text.ts';
import {
  frameOf,
  read,
  rowOf,
  tenantOf,
  type Wanted,
  wantedDevice,
  wantedOfKnown,
  wantedPayment,
  wantedRefund,
  wantedVerification,
} from './wanted-operation.ts';

const ACCEPT = sqlText('accept');

export const COMMAND_TYPES: readonly string[] = COMMANDS.map((command) => command.type);

export interface AcceptRooms extends CancelRooms {
  readonly connections: Connections;
  readonly questions: Questions;
  readonly owner: string;
}

/**
 * Takes commands in. A batch of the bus becomes subjects and operations in one statement; when it has committed the
 * messages are done with, whatever the provider is doing. Calls to the provider come later, at their own pace.
 */
export class Acceptor {
  constructor(
    private readonly rooms: AcceptRooms,
    private readonly around: KitSurroundings,
  ) {}

  async accept(batch: readonly Envelope[]): Promise<void> {
    const wanted: Wanted[] = [];
    const overtaking: CancelAsked[] = [];
    const cancels: CancelAsked[] = [];
    const refreshes: Wanted[] = [];
    const reports: Asked[] = [];
    const closes: SubjectClose[] = [];
    const questions: { envelope: Envelope; body: QuestionAsk }[] = [];
    const puts: { envelope: Envelope; body: ConnectionPut }[] = [];
    const cancelOf = (asked: CancelAsked): void => {
      const begun = wanted.some(({ operation }) => operation.subject.id === asked.frame.id);
      (begun ? cancels : overtaking).push(asked);
    };
    for (const envelope of batch) {
      switch (envelope.type) {
        case paymentStart.type: {
          const body = read(paymentStart.consume, envelope);
          wanted.push(wantedPayment(envelope, body, this.#effectOf(body.method)));
          break;
        }
        case paymentRefresh.type:
          refreshes.push(wantedOfKnown(envelope, read(paymentRefresh.consume, envelope)));
          break;
        case paymentCancel.type:
          cancelOf(cancelAsked('payment', envelope, read(paymentCancel.consume, envelope)));
          break;
        case refundStart.type:
          wanted.push(wantedRefund(envelope, read(refundStart.consume, envelope)));
          break;
        case refundChoose.type:
          wanted.push(wantedOfKnown(envelope, read(refundChoose.consume, envelope)));
          break;
        case refundCancel.type:
          cancelOf(cancelAsked('refund', envelope, read(refundCancel.consume, envelope)));
          break;
        case connectionVerify.type:
          wanted.push(wantedVerification(envelope, read(connectionVerify.consume, envelope)));
          break;
        case deviceRegister.type:
          wanted.push(wantedDevice(envelope, read(deviceRegister.consume, envelope)));
          break;
        case deviceDelete.type:
          wanted.push(wantedDevice(envelope, read(deviceDelete.consume, envelope)));
          break;
        case subjectReport.type: {
          const body = read(subjectReport.consume, envelope);
          const startBy = Date.parse(body.start_by);
          reports.push({ kind: body.kind, frame: frameOf(envelope, body, startBy), startBy });
          break;
        }
        case subjectClose.type:
          closes.push(read(subjectClose.consume, envelope));
          break;
        case questionAsk.type:
          questions.push({ envelope, body: read(questionAsk.consume, envelope) });
          break;
        case connectionPut.type:
          puts.push({ envelope, body: read(connectionPut.consume, envelope) });
          break;
        default:
          throw new UnreadableMessage(`${envelope.type} is no command of a provider`);
      }
    }
    for (const { envelope, body } of puts) await this.rooms.connections.put(body, tenantOf(envelope), envelope.mode);
    for (const asked of overtaking) await cancel(this.rooms, asked);
    if (wanted.length > 0) await this.#acceptOperations(wanted);
    for (const asked of cancels) await cancel(this.rooms, asked);
    if (refreshes.length > 0) await this.#refresh(refreshes);
    for (const body of closes) await closeDoubt(this.rooms, body);
    if (reports.length > 0) await report(this.rooms, reports, this.around.clock.now());
    for (const { envelope, body } of questions) this.rooms.questions.take(frameOf(envelope, body, null), body);
  }

  async #acceptOperations(wanted: readonly Wanted[]): Promise<void> {
    const { settings, clock } = this.around;
    const leaseEnds = clock.monotonicMs() + settings.leaseMs;
    const rows = await this.rooms.db.query<{ id: string; ours: boolean }>(ACCEPT, [
      JSON.stringify(wanted.map(rowOf)),
      this.rooms.owner,
      settings.leaseMs,
    ]);
    const isNew = new Map(rows.map((row) => [row.id, row.ours]));
    const fresh: Operation[] = [];
    const repeated: string[] = [];
    let isReady = false;
    for (const { operation, needs } of wanted) {
      const ours = isNew.get(operation.id);
      isNew.delete(operation.id);
      // What must wait for its lane, and what has to be read before it runs, is picked up by the sweeper.
      if (ours === true) fresh.push({ ...operation, attempt: 1, repeat: null, leaseEnds });
      else if (ours === false) isReady ||= needs === 'known';
      else if (needs !== 'any') repeated.push(operation.subject.id);
    }
    this.rooms.executor.take(fresh);
    if (isReady) this.rooms.sweepSoon();
    // Whoever asks again has not heard our news, so it is told once more.
    if (repeated.length > 0) await this.rooms.store.tellAgain(await this.rooms.store.load(repeated));
  }

  /** Where the provider has nothing to say, because it never took the payment or has paid it, how it stands is told again. */
  async #refresh(refreshes: readonly Wanted[]): Promise<void> {
    const { store } = this.rooms;
    const subjects = await store.load(refreshes.map(({ operation }) => operation.subject.id));
    const askable = subjects.filter(
      (subject) =>
        subject.kind === 'payment' && subject.picture.providerRef !== null && subject.picture.phase !== 'succeeded',
    );
    const ids = new Set(askable.map(({ id }) => id));
    await store.tellAgain(subjects.filter(({ id }) => !ids.has(id)));
    const wanted = refreshes.filter(({ operation }) => ids.has(operation.subject.id));
    if (wanted.length > 0) await this.#acceptOperations(wanted);
  }

  /** What a lost answer to a payment's start means; an unknown method is refused before anything is sent. */
  #effectOf(type: string): EffectKind {
    return this.rooms.provider.methods.find((method) => method.type === type)?.effect ?? 'repeatable';
  }
}

function cancelAsked(kind: CancelAsked['kind'], envelope: Envelope, body: PaymentCancel | RefundCancel): CancelAsked {
  const { op_id: opId, lane, connection_version: connectionVersion } = body;
  return { kind, frame: frameOf(envelope, body, null), opId, lane, connectionVersion };
}
