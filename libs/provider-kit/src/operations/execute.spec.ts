import { describe, expect, it } from '@jest/globals';
import { MemorySlots, type SlotKind, type Slots } from '@tolem/coordination';
import { ManualClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import { Gate } from '../../test/gate.ts';
import { Executor } from './execute.ts';
import type { Operation } from './operation.ts';
import { DEFAULT_KIT_SETTINGS } from '../settings.ts';

/** An executor whose operations stop at a gate of their own. */
class Workshop {
  readonly begun: string[] = [];
  readonly overloaded: string[] = [];
  readonly warnings: string[] = [];
  readonly gates = new Map<string, Gate>();
  readonly executor: Executor;

  constructor(slots: Slots, maxQueuedPerConnection = 512) {
    const work = (slot: SlotKind) => ({
      slot,
      run: async (operation: Operation): Promise<void> => {
        this.begun.push(operation.id);
        await this.gates.get(operation.id)?.passed;
        if (operation.id.startsWith('broken')) throw new Error('broken');
      },
      overloaded: async (operation: Operation): Promise<void> => void this.overloaded.push(operation.id),
    });
    const note = (_fields: object, message: string): void => void this.warnings.push(message);
    this.executor = new Executor(
      slots,
      new Map([
        ['start', work('start')],
        ['background', work('background')],
      ]),
      {
        clock: new ManualClock(),
        log: { info: note, warn: note, error: note },
        settings: { ...DEFAULT_KIT_SETTINGS, maxQueuedPerConnection },
      },
    );
  }

  /** Takes operations whose ids begin with the name of their kind or not; each stops until its gate is opened. */
  take(
    ...operations: readonly { id: string; connection?: string; lane?: string; kind?: string; held?: boolean }[]
  ): void {
    this.executor.take(
      operations.map(({ id, connection = 'con_1', lane = id, kind = 'start', held = true }) => {
        if (held) this.gates.set(id, new Gate());
        return {
          id,
          kind,
          class: 'orphanable',
          lane,
          attempt: 1,
          connectionId: connection,
          connectionVersion: 1,
          traceparent: null,
          command: {},
          repeat: null,
          leaseEnds: 0,
          subject: {
            id: `subject of ${id}`,
            tenant: 'ten_1',
            mode: 'test',
            connectionId: connection,
            deviceId: null,
            seq: 0,
            startBy: null,
            traceparent: null,
            kind: 'device',
            status: 'accepted',
            record: { failure: null },
          },
        };
      }),
    );
  }

  open(id: string): void {
    this.gates.get(id)?.open();
  }

  openAll(): void {
    for (const gate of this.gates.values()) gate.open();
  }

  async sees(...ids: readonly string[]): Promise<void> {
    await waitFor(`${ids.join()} to have begun`, () => ids.every((id) => this.begun.includes(id)));
  }
}

const one = (): Slots => new MemorySlots({ start: 1, poll: 1, background: 1 });

describe('the executor', () => {
  it('runs one operation of a lane at a time, in order, and others meanwhile', async () => {
    const shop = new Workshop(new MemorySlots());
    shop.take({ id: 'a1', lane: 'a' }, { id: 'a2', lane: 'a' }, { id: 'b1', lane: 'b' });
    await shop.sees('a1', 'b1');
    expect(shop.begun).toEqual(['a1', 'b1']);
    shop.open('a1');
    await shop.sees('a2');
    shop.openAll();
    await shop.executor.stop();
  });

  it('never begins more of a connection than there are slots, and goes on when one is given back', async () => {
    const shop = new Workshop(one());
    shop.take({ id: 'first' }, { id: 'second' }, { id: 'elsewhere', connection: 'con_2' });
    await shop.sees('first', 'elsewhere');
    expect(shop.begun).not.toContain('second');
    shop.open('first');
    await shop.sees('second');
    shop.openAll();
    await shop.executor.stop();
  });

  it('does not let background work hold up a start', async () => {
    const shop = new Workshop(one());
    shop.take({ id: 'slow', kind: 'background' }, { id: 'waiting', kind: 'background' });
    await shop.sees('slow');
    shop.take({ id: 'start' });
    await shop.sees('start');
    expect(shop.begun).not.toContain('waiting');
    shop.openAll();
    await shop.executor.stop();
  });

  it('tells what finds no room in the line so, at once', async () => {
    const shop = new Workshop(one(), 2);
    shop.take({ id: 'a' }, { id: 'b' }, { id: 'c' }, { id: 'd', connection: 'con_2' });
    expect(shop.overloaded).toEqual(['c']);
    shop.openAll();
    await shop.sees('a', 'b', 'd');
    await shop.executor.stop();
  });

  it('gives lane and slot back when an operation breaks', async () => {
    const shop = new Workshop(one());
    shop.take({ id: 'broken', lane: 'a', held: false }, { id: 'next', lane: 'a', held: false });
    await shop.sees('next');
    expect(shop.warnings).toEqual(['operation broke off and will be taken over']);
    await shop.executor.stop();
  });

  it('keeps what waits while nobody can say whether there are slots, and goes on by itself', async () => {
    const slots = one();
    let away = 3;
    const shop = new Workshop({
      async tryTake(key, kind) {
        away -= 1;
        if (away >= 0) throw new Error('away');
        return slots.tryTake(key, kind);
      },
    });
    shop.take({ id: 'patient', held: false });
    await shop.sees('patient');
    expect(shop.warnings).toHaveLength(3);
    await shop.executor.stop();
  });

  it('drops what waits for a subject that has ended', async () => {
    const shop = new Workshop(one());
    shop.take({ id: 'first' }, { id: 'ended' }, { id: 'third' });
    await shop.sees('first');
    shop.executor.withdraw('subject of ended');
    shop.openAll();
    await shop.sees('third');
    await shop.executor.stop();
    expect(shop.begun).toEqual(['first', 'third']);
  });

  it('stopped begins nothing more and waits for what runs', async () => {
    const shop = new Workshop(one());
    shop.take({ id: 'running' }, { id: 'waiting' });
    await shop.sees('running');
    let stopped = false;
    const stopping = shop.executor.stop().then(() => (stopped = true));
    shop.take({ id: 'late' });
    expect(shop.executor.busy).toBe(1);
    expect(stopped).toBe(false);
    shop.openAll();
    await stopping;
    expect(shop.begun).toEqual(['running']);
  });
});
