import { describe, expect, it } from '@jest/globals';
import { MemoryWakeUps } from './wake-ups.ts';

describe('wake-ups in memory', () => {
  it('reach every listener of the ids named and no other', () => {
    const wakeUps = new MemoryWakeUps();
    const heard: string[] = [];
    wakeUps.listen('pay_1', () => heard.push('first of 1'));
    wakeUps.listen('pay_1', () => heard.push('second of 1'));
    wakeUps.listen('pay_2', () => heard.push('2'));
    wakeUps.listen('pay_3', () => heard.push('3'));
    wakeUps.wake(['pay_1', 'pay_2', 'pay_unknown']);
    expect(heard).toEqual(['first of 1', 'second of 1', '2']);
  });

  it('are not heard any more once a listener was removed, however often it is removed', () => {
    const wakeUps = new MemoryWakeUps();
    const heard: string[] = [];
    const stop = wakeUps.listen('pay_1', () => heard.push('stopped'));
    stop();
    wakeUps.listen('pay_1', () => heard.push('stays'));
    stop();
    wakeUps.wake(['pay_1']);
    expect(heard).toEqual(['stays']);
  });

  it('are heard twice by a function that listens twice, and once more after one of the two ended', () => {
    const wakeUps = new MemoryWakeUps();
    let count = 0;
    const heard = (): void => void (count += 1);
    const stop = wakeUps.listen('pay_1', heard);
    wakeUps.listen('pay_1', heard);
    wakeUps.wake(['pay_1']);
    expect(count).toBe(2);
    stop();
    wakeUps.wake(['pay_1']);
    expect(count).toBe(3);
  });

  it('end even when a listener listens again while it is called; it hears the next wake-up', () => {
    const wakeUps = new MemoryWakeUps();
    let count = 0;
    const listenAgain = (): void => {
      const stop = wakeUps.listen('pay_1', () => {
        count += 1;
        if (count > 100) throw new Error('a wake-up without an end');
        stop();
        listenAgain();
      });
    };
    listenAgain();
    wakeUps.wake(['pay_1']);
    expect(count).toBe(1);
    wakeUps.wake(['pay_1']);
    expect(count).toBe(2);
  });

  it('spare a listener that another one removed in the same wake-up', () => {
    const wakeUps = new MemoryWakeUps();
    const heard: string[] = [];
    const stops: (() => void)[] = [];
    wakeUps.listen('pay_1', () => {
      heard.push('first');
      for (const stop of stops) stop();
    });
    stops.push(wakeUps.listen('pay_1', () => heard.push('second')));
    wakeUps.wake(['pay_1']);
    expect(heard).toEqual(['first']);
  });
});
