import { Controller, type INestMicroservice, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { afterEach, describe, expect, it } from '@jest/globals';
import type { Envelope } from '@tolem/contracts';
import { waitFor } from '@tolem/testing';
import { type Observable, of } from 'rxjs';
import { BusServer, HandleMessages, InProcessBus, UnreadableMessage } from '../src/index.ts';
import { MemoryOutbox } from './memory-outbox.ts';
import { DeadLetterList, message, outage } from './messages.ts';

const seen: { method: string; bodies: unknown[] }[] = [];
/** The same, whole. */
const envelopes: Envelope[] = [];
/** What a handler throws for the next batches, one entry each. */
const toThrow: unknown[] = [];

function keep(method: string, batch: readonly Envelope[]): void {
  if (toThrow.length > 0) throw toThrow.shift();
  envelopes.push(...batch);
  seen.push({ method, bodies: batch.map(({ body }) => body) });
}

@Controller()
class PaymentsController {
  @HandleMessages(['payment.state', 'payment.progress'])
  async apply(batch: readonly Envelope[]): Promise<void> {
    await Promise.resolve();
    keep('apply', batch);
  }

  @HandleMessages(['device.state'])
  devices(batch: readonly Envelope[]): Observable<string> {
    keep('devices', batch);
    return of('ignored');
  }
}

@Controller()
class RivalController {
  @HandleMessages(['payment.progress'])
  alsoApply(batch: readonly Envelope[]): void {
    keep('rival', batch);
  }
}

@Module({ controllers: [PaymentsController] })
class PaymentsModule {}

@Module({ controllers: [PaymentsController, RivalController] })
class QuarrellingModule {}

const started: INestMicroservice[] = [];

async function serve(module: new () => object): Promise<{
  app: INestMicroservice;
  bus: InProcessBus;
  outbox: MemoryOutbox;
  deadLetters: DeadLetterList;
  failures: unknown[];
}> {
  const failures: unknown[] = [];
  const deadLetters = new DeadLetterList();
  const bus = new InProcessBus({ topology: { events: ['gateway'] }, onError: (error) => failures.push(error) });
  const strategy = new BusServer({
    bus,
    consumer: 'gateway',
    topics: ['events'],
    deadLetters,
    onFailure: (error) => failures.push(error),
  });
  const app = await NestFactory.createMicroservice(module, { strategy, logger: false, abortOnError: false });
  started.push(app);
  await app.listen();
  return { app, bus, outbox: new MemoryOutbox(bus), deadLetters, failures };
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((app) => app.close()));
  seen.length = 0;
  envelopes.length = 0;
  toThrow.length = 0;
});

const state = (body: unknown): Envelope => message(body, { type: 'payment.state' });
const progress = (body: unknown): Envelope => message(body, { type: 'payment.progress' });
const device = (body: unknown): Envelope => message(body, { type: 'device.state' });

describe('a Nest microservice on the bus', () => {
  it('gives a method all messages of its types in one call, in order, and every other method its own', async () => {
    const { outbox } = await serve(PaymentsModule);
    outbox.publish(state(1), device(2), progress(3), state(4));
    await waitFor('all to be safe', () => outbox.size === 0);
    expect(seen).toEqual([
      { method: 'apply', bodies: [1, 3, 4] },
      { method: 'devices', bodies: [2] },
    ]);
  });

  it('gives a method the envelope as it was sent', async () => {
    const { outbox } = await serve(PaymentsModule);
    const sent = state({ sum: 1 });
    outbox.publish(sent);
    await waitFor('all to be safe', () => outbox.size === 0);
    expect(envelopes).toEqual([sent]);
  });

  it('counts a message as handled only when its method has resolved without an error', async () => {
    const { outbox, failures } = await serve(PaymentsModule);
    toThrow.push(new Error('first try'), new Error('second try'));
    outbox.publish(state('stubborn'));
    await waitFor('all to be safe', () => outbox.size === 0);
    expect(failures.map(String)).toEqual(['Error: first try', 'Error: second try']);
    expect(seen).toEqual([{ method: 'apply', bodies: ['stubborn'] }]);
  });

  it('shows the dispatcher the very error that a method threw, its cause included', async () => {
    const { outbox, failures, deadLetters } = await serve(PaymentsModule);
    const bug = new TypeError('a bug', { cause: new Error('the root') });
    const trouble = new Error('wrapped', { cause: outage() });
    const nonsense = new UnreadableMessage('no amount');
    toThrow.push(bug, trouble, nonsense);
    outbox.publish(state('bad'));
    await waitFor('the dead letter', () => deadLetters.letters.length > 0);
    expect(failures).toHaveLength(3);
    expect(failures[0]).toBe(bug);
    expect(failures[1]).toBe(trouble);
    expect(failures[2]).toBe(nonsense);
    expect(deadLetters.letters).toEqual([{ body: 'bad', reason: 'Error: no amount' }]);
  });

  it('takes errors of a method that returns no promise in the same way', async () => {
    const { outbox, failures } = await serve(PaymentsModule);
    const bug = new Error('thrown at once');
    toThrow.push(bug);
    outbox.publish(device('x'));
    await waitFor('all to be safe', () => outbox.size === 0);
    expect(failures[0]).toBe(bug);
    expect(seen).toEqual([{ method: 'devices', bodies: ['x'] }]);
  });

  it('parks a type that no method handles', async () => {
    const { bus, deadLetters } = await serve(PaymentsModule);
    const [outcome] = bus.send([{ id: 'row', consumer: 'gateway', envelope: message(1, { type: 'refund.state' }) }]);
    expect(await outcome).toBe(false);
    expect(deadLetters.letters).toEqual([]);
  });

  it('does not start where two methods handle one type: nobody could say when the message is handled', async () => {
    await expect(serve(QuarrellingModule)).rejects.toThrow('two methods handle payment.progress in consumer gateway');
  });

  it('takes nothing more once it is closed', async () => {
    const { app, outbox } = await serve(PaymentsModule);
    await app.close();
    outbox.publish(state('late'));
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    expect(outbox.size).toBe(1);
    outbox.close();
  });
});
