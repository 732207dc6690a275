import { describe, expect, it } from '@jest/globals';
import { MemoryWakeUps } from '@tolem/coordination';
import { waitFor } from '@tolem/testing';
import { EventBell } from './event-bell.ts';

const row = (headers: unknown) => ({ id: 'x', topic: 't', consumer: '', key: 'k', body: null, headers });

describe('the bell of events', () => {
  it('rings in this process at every commit, whatever tells of it', () => {
    const bell = new EventBell(new MemoryWakeUps());
    let rung = 0;
    const stop = bell.onCommitHere(() => (rung += 1));
    bell.wake(['pay_1']);
    bell.published([row({})]);
    bell.ring();
    expect(rung).toBe(3);
    stop();
    bell.ring();
    expect(rung).toBe(3);
  });

  it('still wakes whoever waits for the one thing that changed', () => {
    const inner = new MemoryWakeUps();
    const bell = new EventBell(inner);
    const heard: string[] = [];
    bell.listen('pay_1', () => heard.push('through the bell'));
    inner.listen('pay_1', () => heard.push('beside it'));
    bell.wake(['pay_1', 'pay_2']);
    expect(heard).toEqual(['through the bell', 'beside it']);
  });

  it('tells the other processes at once, and of a hundred commits at the same moment only once more', async () => {
    const shared = new MemoryWakeUps();
    const [here, there] = [new EventBell(shared), new EventBell(shared)];
    let heard = 0;
    there.onCommitAnywhere(() => (heard += 1));
    for (let n = 0; n < 100; n += 1) here.ring();
    expect(heard).toBe(1);
    await waitFor('what happened after the first', () => heard === 2);
    here.ring();
    await waitFor('the next one', () => heard === 3);
  });

  it('remembers in which trace a message was published, and nothing where there was none', () => {
    const bell = new EventBell(new MemoryWakeUps());
    bell.published([row({ ce_subject: 'pay_1', traceparent: '00-a-b-01' }), row({ ce_subject: 'pay_2' }), row(null)]);
    expect([bell.traceOf('pay_1'), bell.traceOf('pay_2')]).toEqual(['00-a-b-01', undefined]);
  });
});
