import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Envelope } from '@tolem/contracts';
import { systemClock } from '@tolem/domain';
import { waitFor } from '@tolem/testing';
import kafkajs, { type Admin, type Producer } from 'kafkajs';
import { Dispatcher, type KafkaBus, parkedTopic, startKafkaBus, type Subscription } from '../src/index.ts';
import { kafkaClient } from '../src/kafka/kafka-connection.ts';
import type { BusUnderTest } from './bus-under-test.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { DeadLetterList, message, rowsOf } from './messages.ts';
import {
  createWorld,
  KAFKA_START_TIMEOUT_MS,
  kafkaBusUnderTest,
  prefixOf,
  testKafka,
  type TestKafka,
} from './test-kafka.ts';
import { worksThroughBacklog } from './works-through-backlog.ts';

const COMMANDS = 'commands.kaspi';
const TOPOLOGY = { [COMMANDS]: ['kaspi'] };
/** Of members that died without a word; the broker waits for their session to end. */
const TAKE_OVER_MS = 60_000;

const command = (body: unknown, more: Partial<Envelope> = {}): Envelope => message(body, { topic: COMMANDS, ...more });
const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const keyed = (n: number): Envelope => command(n, { key: `lane_${n % 20}` });

let kafka: TestKafka;
let admin: Admin;
let producer: Producer;
let worlds = 0;
let world: string;
const opened: (BusUnderTest | { close(): Promise<void> })[] = [];

beforeAll(async () => {
  kafka = await testKafka();
  const client = kafkaClient({ brokers: kafka.brokers, clientId: 'spec' });
  admin = client.admin();
  producer = client.producer();
  await Promise.all([admin.connect(), producer.connect()]);
}, KAFKA_START_TIMEOUT_MS);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});
afterAll(async () => {
  await Promise.all([admin.disconnect(), producer.disconnect()]);
  await kafka.stop();
});

async function open(setting: Partial<Parameters<typeof kafkaBusUnderTest>[1]> = {}): Promise<BusUnderTest> {
  const under = await kafkaBusUnderTest(kafka, {
    world,
    topology: TOPOLOGY,
    clock: systemClock,
    onError: () => undefined,
    ...setting,
  });
  opened.push(under);
  return under;
}

function begin(): void {
  worlds += 1;
  world = `groups-${worlds}`;
}

function serve(
  { bus }: BusUnderTest,
  handle: (batch: readonly Envelope[]) => Promise<void> | void,
  letters = new DeadLetterList(),
): Subscription {
  const handler = { types: ['spec.happened'], handle: async (batch: readonly Envelope[]) => handle(batch) };
  const dispatcher = new Dispatcher([handler], letters, () => undefined);
  return bus.subscribe('kaspi', [COMMANDS], (batch) => dispatcher.deliver(batch));
}

const bodies = (batch: readonly Envelope[]): unknown[] => batch.map(({ body }) => body);

describe('members of one group', () => {
  it('share the work when one joins in the middle of a batch, and lose nothing', async () => {
    begin();
    const [first, second] = [await open(), await open()];
    const outbox = new MemoryOutbox(first.bus);
    const { promise: passed, resolve: pass } = Promise.withResolvers<undefined>();
    const seen: { first: unknown[]; second: unknown[] } = { first: [], second: [] };
    let begun = false;
    serve(first, async (batch) => {
      begun = true;
      await passed;
      seen.first.push(...bodies(batch));
    });
    outbox.publish(...numbers(100).map(keyed));
    await waitFor('a batch in hand', () => begun);
    serve(second, (batch) => void seen.second.push(...bodies(batch)));
    // It can have something only after the group has gathered, which the first one took part in with its batch in hand.
    await waitFor('the second to have its share', () => seen.second.length > 0);
    pass(undefined);
    outbox.publish(...numbers(100).map((n) => keyed(100 + n)));
    await waitFor('all of them', () => new Set([...seen.first, ...seen.second]).size >= 200);
    expect(new Set([...seen.first, ...seen.second])).toEqual(new Set(numbers(200)));
    expect(seen.first.some((n) => Number(n) >= 100)).toBe(true);
    expect(seen.second.some((n) => Number(n) >= 100)).toBe(true);
    outbox.close();
  });

  it('keep the order of a key, whoever of them has it', async () => {
    begin();
    const under = [await open(), await open()];
    const seen: { n: number; key: string }[] = [];
    for (const each of under) {
      serve(each, (batch) => void seen.push(...batch.map(({ body, key }) => ({ n: Number(body), key }))));
    }
    const outbox = new MemoryOutbox((under[0] as BusUnderTest).bus);
    for (const n of numbers(400)) outbox.publish(keyed(n));
    await waitFor('all of them', () => new Set(seen.map(({ n }) => n)).size >= 400);
    for (const lane of numbers(20)) {
      // The first time each message was seen: a group that gathers may bring some of them twice.
      const order = [...new Set(seen.filter(({ key }) => key === `lane_${lane}`).map(({ n }) => n))];
      expect(order).toEqual([...order].sort((a, b) => a - b));
    }
    outbox.close();
  });

  it('take over from one that closes without waiting until it is missed', async () => {
    begin();
    // A session outlives this case by far: who does not say goodbye keeps its partition for all of it.
    const timing = { sessionTimeoutMs: 600_000 };
    const [first, second] = [await open({ timing }), await open({ timing })];
    const seen = { first: new Set<unknown>(), second: new Set<unknown>() };
    const subscription = serve(first, (batch) => bodies(batch).forEach((body) => seen.first.add(body)));
    serve(second, (batch) => bodies(batch).forEach((body) => seen.second.add(body)));
    const outbox = new MemoryOutbox(second.bus);
    let sent = 0;
    await waitFor('both to have a share', () => {
      // One lot at a time, however long the group takes to gather.
      if (seen.first.size + seen.second.size >= sent) {
        outbox.publish(...numbers(20).map((n) => keyed(sent + n)));
        sent += 20;
      }
      return seen.first.size > 0 && seen.second.size > 0;
    });
    await subscription.close();
    outbox.publish(...numbers(40).map((n) => keyed(100_000 + n)));
    await waitFor('all of them', () => numbers(40).every((n) => seen.second.has(100_000 + n)));
    outbox.close();
  });

  it('are known to the brokers by the name of their consumer behind the prefix, and by no other', async () => {
    begin();
    const under = await open();
    const seen: unknown[] = [];
    serve(under, (batch) => void seen.push(...bodies(batch)));
    await Promise.all(under.bus.send(rowsOf(under.bus, command('here'))));
    await waitFor('it', () => seen.length > 0);
    const { groups } = await admin.listGroups();
    const ours = groups.map(({ groupId }) => groupId).filter((name) => name.startsWith(prefixOf(world)));
    expect(ours).toEqual([`${prefixOf(world)}kaspi`]);
  });

  it.each([
    ['hangs', 'in its handler'],
    ['handles', 'after its handler, before its offsets were committed'],
  ])(
    'handle what one had in hand that was killed (%s): %s',
    async (does) => {
      begin();
      const next = await open();
      const program = fileURLToPath(new URL('./programs/handle-until-killed.ts', import.meta.url));
      const flags = [
        '--conditions=@tolem/source',
        '--experimental-transform-types',
        '--disable-warning=ExperimentalWarning',
      ];
      const child: ChildProcess = spawn(
        process.execPath,
        [...flags, program, kafka.brokers.join(','), prefixOf(world), 'kaspi', COMMANDS, does],
        { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
      );
      const ended = new Promise((resolve) => child.once('exit', resolve));
      opened.push({ close: async () => void (child.kill('SIGKILL') && (await ended)) });
      let said = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (does === 'hangs' && said.includes('has order')) child.kill('SIGKILL');
      });
      const outbox = new MemoryOutbox(next.bus);
      outbox.publish(command('order'));
      await ended;
      const seen: unknown[] = [];
      serve(next, (batch) => void seen.push(...bodies(batch)));
      await waitFor('the next one to handle it', () => seen.length > 0, TAKE_OVER_MS);
      expect(seen).toEqual(['order']);
      outbox.close();
    },
    TAKE_OVER_MS + 30_000,
  );

  it('do not lose their place while a handler takes longer than a session', async () => {
    begin();
    const sessionTimeoutMs = 4_000;
    await createWorld(kafka, { world, topology: TOPOLOGY }, 1);
    const troubles: unknown[] = [];
    const bus = await startKafkaBus({
      brokers: kafka.brokers,
      clientId: 'spec',
      prefix: prefixOf(world),
      maxQueued: 1,
      batchSize: 1,
      onError: (error) => troubles.push(error),
      onFatal: (error) => troubles.push(error),
      timing: { sessionTimeoutMs, fetchWaitMs: 100, heartbeatMs: 500 },
    });
    opened.push(bus);
    const seen: unknown[] = [];
    const { promise: passed, resolve: pass } = Promise.withResolvers<undefined>();
    bus.subscribe('kaspi', [COMMANDS], async (batch) => {
      seen.push(...bodies(batch));
      if (seen.length === 1) await passed;
      return batch.map(() => 'done');
    });
    await Promise.all(bus.send([1, 2, 3, 4].flatMap((n) => rowsOf(bus, command(n)))));
    const begun = performance.now();
    await waitFor('more than a session', () => performance.now() - begun > sessionTimeoutMs + 1_000);
    pass(undefined);
    await waitFor('the rest', () => seen.length >= 4);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(troubles).toEqual([]);
  }, 40_000);
});

describe('a topic that goes and comes again', () => {
  it('is found again by the one who sends to it and the one who reads it', async () => {
    begin();
    const under = await open();
    const outbox = new MemoryOutbox(under.bus);
    const seen = new Set<unknown>();
    serve(under, (batch) => bodies(batch).forEach((body) => seen.add(body)));
    outbox.publish(...numbers(50).map(keyed));
    await waitFor('those before', () => seen.size >= 50);

    const topics = [COMMANDS, parkedTopic('kaspi')].map((name) => `${prefixOf(world)}${name}`);
    await admin.deleteTopics({ topics });
    outbox.publish(...numbers(50).map((n) => keyed(50 + n)));
    await waitFor('the topics to be gone', async () => {
      const names = await admin.listTopics();
      return topics.every((topic) => !names.includes(topic));
    });
    await createWorld(kafka, { world, topology: TOPOLOGY });
    outbox.publish(...numbers(50).map((n) => keyed(100 + n)));
    await waitFor('an empty outbox', () => outbox.size === 0, TAKE_OVER_MS);
    // What the deleted topic had taken is gone with it; what came after its return is not.
    await waitFor('those after', () => numbers(50).every((n) => seen.has(100 + n)), TAKE_OVER_MS);
    outbox.close();
  }, 90_000);
});

describe('what is no message of ours', () => {
  it('goes to the dead letters and does not hold up its partition', async () => {
    begin();
    const under = await open();
    const letters = new DeadLetterList();
    const seen: unknown[] = [];
    const topic = `${prefixOf(world)}${COMMANDS}`;
    await producer.send({
      topic,
      messages: [
        { key: 'lane', value: '{"of":"a stranger"}' },
        { key: 'lane', value: 'not { JSON', headers: { ce_id: 'x' } },
        { key: 'lane', value: null },
      ],
    });
    await Promise.all(under.bus.send(rowsOf(under.bus, command('ours', { key: 'lane' }))));
    serve(under, (batch) => void seen.push(...bodies(batch)), letters);
    await waitFor('our own', () => seen.length > 0);
    await waitFor('the letters', () => letters.letters.length === 3);
    expect(seen).toEqual(['ours']);
    expect(letters.letters.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('headers'),
      expect.stringContaining('JSON'),
      expect.stringContaining('JSON'),
    ]);
    expect(letters.letters[0]?.body).toMatchObject({ value: '{"of":"a stranger"}' });
    await waitFor('all of it to be committed', () => under.bus.stats()['kaspi']?.lag === 0);
  });
});

describe('a backlog of 10,000 messages', () => {
  // Of 100,000 in npm run test:long.
  it('is worked through with no more than the bound in memory', async () => {
    begin();
    await worksThroughBacklog(await open({ maxQueued: 500 }), 10_000, 500);
  }, 180_000);
});

describe('the account of a consumer', () => {
  it('tells how many messages are behind, and none once they are handled', async () => {
    begin();
    const under = await open();
    const { promise: passed, resolve: pass } = Promise.withResolvers<undefined>();
    serve(under, () => passed);
    await Promise.all(under.bus.send(numbers(30).flatMap((n) => rowsOf(under.bus, keyed(n)))));
    await waitFor('a lag of 30', () => under.bus.stats()['kaspi']?.lag === 30);
    pass(undefined);
    await waitFor('no lag', () => under.bus.stats()['kaspi']?.lag === 0);
  });

  it('a row for one consumer alone, as a replayed dead letter, does not reach the others of its topic', async () => {
    begin();
    const under = await open({ topology: { events: ['gateway', 'fiscal'] } });
    const seen: string[] = [];
    for (const consumer of ['gateway', 'fiscal']) {
      under.bus.subscribe(consumer, ['events'], async (batch) => {
        seen.push(...batch.map(({ body, topic }) => `${consumer} ${topic} ${String(body)}`));
        return batch.map(() => 'done');
      });
    }
    const [row] = rowsOf(under.bus, message('replayed'));
    if (row === undefined) throw new Error('one row was made');
    expect(await Promise.all(under.bus.send([{ ...row, consumer: 'fiscal' }]))).toEqual([true]);
    expect(await Promise.all(under.bus.send(rowsOf(under.bus, message('to all'))))).toEqual([true]);
    await waitFor('all of them', () => seen.length >= 3);
    expect(new Set(seen)).toEqual(new Set(['fiscal events replayed', 'fiscal events to all', 'gateway events to all']));
  });
});

describe('readiness', () => {
  it('is there while every topic is, and names one that is missing', async () => {
    begin();
    const { bus } = await open();
    const ready = (bus as KafkaBus).check();
    await expect(ready).resolves.toBeUndefined();
    await admin.deleteTopics({ topics: [`${prefixOf(world)}${COMMANDS}`] });
    const lost = await waitFor('the loss to be noticed', () =>
      (bus as KafkaBus).check().then(
        () => undefined,
        (error: unknown) => String(error),
      ),
    );
    expect(lost).toMatch(/topic/i);
  });

  it('a bus whose brokers are away starts, tells so, keeps nothing and is not ready', async () => {
    const troubles: string[] = [];
    const bus = await startKafkaBus({
      brokers: ['127.0.0.1:9'],
      clientId: 'lonely',
      onError: (_, where) => troubles.push(where),
      onFatal: () => troubles.push('fatal'),
    });
    opened.push(bus);
    expect(await Promise.all(bus.send(rowsOf(bus, command('waits'))))).toEqual([false]);
    expect(troubles).toEqual(['lonely', COMMANDS]);
    await expect(bus.check()).rejects.toThrow();
    // Closing does not wait for what never comes.
    const subscription = bus.subscribe('kaspi', [COMMANDS], async (batch) => batch.map(() => 'done'));
    await waitFor('the trouble of the consumer', () => troubles.includes('kaspi'));
    await subscription.close();
  });

  it('a consumer that the brokers refuse for good is fatal: a deaf process must not look alive', async () => {
    begin();
    await createWorld(kafka, { world, topology: TOPOLOGY });
    const fatal: string[] = [];
    const bus = await startKafkaBus({
      brokers: kafka.brokers,
      clientId: 'spec',
      prefix: prefixOf(world),
      onError: () => undefined,
      onFatal: (error) => fatal.push(error.message),
      pause: async () => undefined,
      // Below what brokers allow.
      timing: { sessionTimeoutMs: 500, heartbeatMs: 100 },
    });
    opened.push(bus);
    bus.subscribe('kaspi', [COMMANDS], async (batch) => batch.map(() => 'done'));
    await waitFor('the end', () => fatal.length > 0);
    expect(fatal).toEqual([expect.stringContaining('session timeout')]);
  });
});

describe('a message', () => {
  it('that no broker would take is held back alone: what comes beside it gets through', async () => {
    begin();
    const { bus } = await open();
    const config = [{ name: 'max.message.bytes', value: '20000' }];
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name: `${prefixOf(world)}${COMMANDS}` };
    await admin.alterConfigs({ validateOnly: false, resources: [{ ...resource, configEntries: config }] });
    const rows = [command('fine'), command('x'.repeat(50_000)), command('x'.repeat(2_000_000)), command('too')].flatMap(
      (each) => rowsOf(bus, each),
    );
    expect(await Promise.all(bus.send(rows))).toEqual([true, false, false, true]);
    expect([...(bus.heldBack?.() ?? [])].sort()).toEqual([rows[1]?.id, rows[2]?.id].sort());
  });
});
