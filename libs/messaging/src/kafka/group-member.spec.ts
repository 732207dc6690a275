import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { waitFor } from '@tolem/testing';
import type { Consumer, Kafka } from 'kafkajs';
import { GroupMember, KAFKA_TIMING } from './group-member.ts';

/** The library as far as a member uses it; what it does by itself on real brokers is in the specs of services. */
class LibraryConsumer extends EventEmitter {
  readonly events = {
    GROUP_JOIN: 'join',
    REBALANCING: 'rebalancing',
    CRASH: 'crash',
    FETCH: 'fetch',
    HEARTBEAT: 'heartbeat',
    CONNECT: 'connect',
    REQUEST_TIMEOUT: 'timeout',
  };
  isRunning = false;
  isLeft = false;

  async connect(): Promise<void> {}
  async subscribe(): Promise<void> {}
  async run(): Promise<void> {
    this.isRunning = true;
  }
  async disconnect(): Promise<void> {
    this.isLeft = true;
  }
  end(message: string): void {
    this.emit('crash', { payload: { restart: false, error: new Error(message) } });
  }
}

interface Opened {
  readonly member: GroupMember;
  readonly consumers: LibraryConsumer[];
  readonly told: string[];
  readonly fatal: string[];
}

const opened: GroupMember[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((member) => member.close()));
});

function open(silentMs = KAFKA_TIMING.silentMs): Opened {
  const consumers: LibraryConsumer[] = [];
  const told: string[] = [];
  const fatal: string[] = [];
  const kafka: Pick<Kafka, 'consumer'> = {
    consumer: () => {
      const made = new LibraryConsumer();
      consumers.push(made);
      return made as unknown as Consumer;
    },
  };
  const member = new GroupMember({
    kafka: kafka as Kafka,
    group: 'kaspi',
    topics: ['commands.kaspi'],
    timing: { ...KAFKA_TIMING, silentMs },
    take: async () => undefined,
    onGathering: () => undefined,
    onAssigned: () => undefined,
    onError: (error) => told.push(String(error)),
    onFatal: (error) => fatal.push(error.message),
    pause: async () => undefined,
  });
  opened.push(member);
  member.start();
  return { member, consumers, told, fatal };
}

async function running(consumers: readonly LibraryConsumer[], count: number): Promise<LibraryConsumer> {
  return waitFor(`consumer ${count}`, () => {
    const made = consumers[count - 1];
    return made?.isRunning === true ? made : undefined;
  });
}

describe('a member whose consumer the library has ended', () => {
  it('begins anew with another one and tells of it once', async () => {
    const { consumers, told, fatal } = open();
    (await running(consumers, 1)).end('an unexpected error of the server');
    (await running(consumers, 2)).end('an unexpected error of the server');
    await running(consumers, 3);
    expect(told).toEqual(['Error: an unexpected error of the server']);
    expect(fatal).toEqual([]);
  });

  it('is fatal when that happens six times and nothing was read between', async () => {
    const { consumers, fatal } = open();
    for (let count = 1; count <= 6; count += 1) (await running(consumers, count)).end(`refused ${count}`);
    expect(fatal).toEqual(['refused 6']);
    expect(consumers).toHaveLength(6);
  });

  it('counts from the start once something was read', async () => {
    const { consumers, fatal } = open();
    for (let count = 1; count <= 7; count += 1) {
      const consumer = await running(consumers, count);
      if (count === 4) consumer.emit('fetch', { payload: {} });
      consumer.end('again');
    }
    await running(consumers, 8);
    expect(fatal).toEqual([]);
  });

  it('does not begin anew when it is being closed', async () => {
    const { member, consumers } = open();
    const first = await running(consumers, 1);
    first.end('gone');
    await member.close();
    expect(consumers).toHaveLength(1);
    expect(first.isLeft).toBe(true);
  });
});

describe('a member that gives no sign of life', () => {
  it('is fatal: a deaf process must not look alive', async () => {
    const { fatal } = open(90);
    await waitFor('the end', () => fatal.length > 0);
    expect(fatal).toEqual(['the consumer of kaspi has given no sign of life for 90 ms']);
  });

  it('goes on while there are any', async () => {
    const { consumers, fatal } = open(90);
    const consumer = await running(consumers, 1);
    const signs = setInterval(() => consumer.emit('heartbeat', { payload: {} }), 1);
    const begun = performance.now();
    await waitFor('longer than silence may last', () => performance.now() - begun > 300);
    clearInterval(signs);
    expect(fatal).toEqual([]);
  });
});
