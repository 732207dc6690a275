import {
  type BodyOf,
  COMMANDS,
  connectionPut,
  connectionVerify,
  deviceDelete,
  deviceRegister,
  type Envelope,
  paymentCancel,
  paymentStart,
  subjectReport,
} from '@tolem/contracts';
import { UnreadableMessage } from '@tolem/messaging';
import type { Database } from '@tolem/persistence';
import type { z } from 'zod';
import { cancelPayment } from './cancel.ts';
import type { Connections } from './connections.ts';
import type { Executor } from './execute.ts';
import type { Operation } from './operation.ts';
import type { PaymentRecord } from './payment-picture.ts';
import type { EffectKind } from './provider.ts';
import type { Polling } from './poll.ts';
import { report } from './report.ts';
import type { KitSurroundings } from './settings.ts';
import { sqlText } from './sql-text.ts';
import { type Subject, type SubjectFrame, columnsOf } from './subject.ts';
import type { SubjectStore } from './subject-store.ts';

const ACCEPT = sqlText('accept');

export const COMMAND_TYPES: readonly string[] = COMMANDS.map((command) => command.type);

/** An operation as a command asks for it, with the subject that it begins where that is new. */
interface Wanted {
  readonly operation: Omit<Operation, 'leaseEnds' | 'attempt'>;
  readonly startsPayment: boolean;
}

export interface AcceptRooms {
  readonly db: Database;
  readonly store: SubjectStore;
  readonly connections: Connections;
  readonly executor: Executor;
  readonly polling: Polling;
  readonly owner: string;
  readonly effectOf: (method: string) => EffectKind;
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
    const overtaking: SubjectFrame[] = [];
    const cancels: SubjectFrame[] = [];
    const reports: { envelope: Envelope; body: BodyOf<typeof subjectReport> }[] = [];
    const puts: { envelope: Envelope; body: BodyOf<typeof connectionPut> }[] = [];
    for (const envelope of batch) {
      switch (envelope.type) {
        case paymentStart.type:
          wanted.push(this.#start(envelope, read(paymentStart.consume, envelope)));
          break;
        case connectionVerify.type:
          wanted.push(this.#verify(envelope, read(connectionVerify.consume, envelope)));
          break;
        case deviceRegister.type:
          wanted.push(this.#device(envelope, read(deviceRegister.consume, envelope)));
          break;
        case deviceDelete.type:
          wanted.push(this.#device(envelope, read(deviceDelete.consume, envelope)));
          break;
        case paymentCancel.type: {
          const frame = frameOf(envelope, read(paymentCancel.consume, envelope), null);
          const begun = wanted.some(({ operation }) => operation.subject.id === frame.id);
          (begun ? cancels : overtaking).push(frame);
          break;
        }
        case subjectReport.type:
          reports.push({ envelope, body: read(subjectReport.consume, envelope) });
          break;
        case connectionPut.type:
          puts.push({ envelope, body: read(connectionPut.consume, envelope) });
          break;
        default:
          throw new UnreadableMessage(`${envelope.type} is no command of a provider`);
      }
    }
    for (const { envelope, body } of puts) await this.rooms.connections.put(body, tenantOf(envelope), envelope.mode);
    for (const frame of overtaking) await cancelPayment(this.rooms, frame);
    if (wanted.length > 0) await this.#acceptOperations(wanted);
    for (const frame of cancels) await cancelPayment(this.rooms, frame);
    if (reports.length > 0) {
      const asked = reports.map(({ envelope, body }) => ({
        frame: frameOf(envelope, body, Date.parse(body.start_by)),
        startBy: Date.parse(body.start_by),
      }));
      await report(this.rooms, asked, this.around.clock.now());
    }
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
    const repeatedStarts: string[] = [];
    for (const { operation, startsPayment } of wanted) {
      const ours = isNew.get(operation.id);
      isNew.delete(operation.id);
      // What must wait for its lane is picked up by the sweeper.
      if (ours === true) fresh.push({ ...operation, attempt: 1, leaseEnds });
      else if (ours === undefined && startsPayment) repeatedStarts.push(operation.subject.id);
    }
    this.rooms.executor.take(fresh);
    // Whoever starts again has not heard our news, so it is told once more.
    if (repeatedStarts.length > 0) await this.rooms.store.tellAgain(await this.rooms.store.load(repeatedStarts));
  }

  #start(envelope: Envelope, body: BodyOf<typeof paymentStart>): Wanted {
    const record: PaymentRecord = {
      method: body.method,
      amountMinor: body.amount,
      currency: body.currency,
      reference: body.reference,
      tradePointRef: body.trade_point_ref,
      nextAction: null,
      paymentMethods: [],
      slip: null,
      cancel: null,
      failure: null,
      evidence: 'stated',
      waiting: null,
    };
    const subject: Subject = {
      ...frameOf(envelope, body, Date.parse(body.start_by)),
      kind: 'payment',
      picture: { phase: 'created', providerRef: null, lookAt: null, lookStep: 0, record },
    };
    return this.#wanted(envelope, body, subject, this.rooms.effectOf(body.method), true);
  }

  #verify(envelope: Envelope, body: BodyOf<typeof connectionVerify>): Wanted {
    const subject: Subject = {
      ...frameOf(envelope, body, null),
      kind: 'connection',
      health: 'unknown',
      lookAt: null,
      record: { version: body.connection_version, reason: null, tradePoints: null },
    };
    return this.#wanted(envelope, body, subject, 'repeatable', false);
  }

  #device(envelope: Envelope, body: BodyOf<typeof deviceRegister> | BodyOf<typeof deviceDelete>): Wanted {
    const subject: Subject = {
      ...frameOf(envelope, body, null),
      kind: 'device',
      status: 'accepted',
      record: { failure: null },
    };
    return this.#wanted(envelope, body, subject, 'repeatable', false);
  }

  #wanted(envelope: Envelope, body: CommandHead, subject: Subject, effect: EffectKind, startsPayment: boolean): Wanted {
    return {
      startsPayment,
      operation: {
        id: body.op_id,
        kind: envelope.type,
        class: effect,
        lane: body.lane,
        connectionId: body.connection_id,
        connectionVersion: body.connection_version,
        command: body,
        subject,
        traceparent: envelope.traceparent ?? null,
      },
    };
  }
}

type CommandHead = Pick<
  BodyOf<typeof connectionVerify>,
  'op_id' | 'subject_id' | 'connection_id' | 'connection_version' | 'device_id' | 'lane' | 'after'
>;

function read<S extends z.ZodType>(schema: S, envelope: Envelope): z.output<S> {
  const parsed = schema.safeParse(envelope.body);
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  throw new UnreadableMessage(`${envelope.type} ${envelope.id} breaks its contract: ${where}`);
}

function tenantOf(envelope: Envelope): string {
  if (envelope.tenant === null) throw new UnreadableMessage(`${envelope.type} ${envelope.id} names no tenant`);
  return envelope.tenant;
}

function frameOf(
  envelope: Envelope,
  body: Pick<CommandHead, 'subject_id' | 'connection_id' | 'device_id'>,
  startBy: number | null,
): SubjectFrame {
  return {
    id: body.subject_id,
    tenant: tenantOf(envelope),
    mode: envelope.mode,
    connectionId: body.connection_id,
    deviceId: body.device_id,
    seq: 0,
    startBy,
    traceparent: envelope.traceparent ?? null,
  };
}

function rowOf({ operation, startsPayment }: Wanted): object {
  const { subject } = operation;
  const columns = columnsOf(subject);
  const after = (operation.command as CommandHead).after;
  return {
    op_id: operation.id,
    subject_id: subject.id,
    tenant: subject.tenant,
    mode: subject.mode,
    connection_id: operation.connectionId,
    connection_version: operation.connectionVersion,
    device_id: subject.deviceId,
    kind: operation.kind,
    class: operation.class,
    lane: operation.lane,
    after_op: after ?? null,
    subject_kind: subject.kind,
    phase: columns.phase,
    start_by: subject.startBy === null ? null : new Date(subject.startBy).toISOString(),
    data: columns.data,
    starts: startsPayment,
    command: operation.command,
    traceparent: operation.traceparent,
  };
}
