import { describe, expect, it } from '@jest/globals';
import { readReplicas } from '@tolem/local-stack';
import { readBenchOptions } from './bench-options.ts';

const one = readReplicas('gateway=1');

describe('the command line of the bench', () => {
  it('lets the rate of payments rise unless a rate is given', () => {
    expect(readBenchOptions(['payments'])).toEqual({
      ...{ name: 'payments', rate: 25, steps: true, stepBy: 25, stepSeconds: 20 },
      ...{ seconds: 60, minutes: 8, desks: 200, open: 200, times: 5, flame: false, embedded: false, replicas: one },
      ...{ payments: 100_000, interval: 60, noCall: false, lost: 20 },
    });
    expect(readBenchOptions(['payments', '--rate', '80', '--embedded'])).toMatchObject({
      rate: 80,
      steps: false,
      embedded: true,
      minutes: 6,
    });
    expect(readBenchOptions(['payments', '--rate=80', '--steps'])).toMatchObject({ rate: 80, steps: true });
  });

  it('reads every option', () => {
    const args =
      '--payments 300 --interval 6 --lost 3 --seconds 5 --step-by 10 --step-seconds 7 --minutes 3 --desks 9 --open 40 --times 7 --flame --replicas kaspi=2,gateway=3 payments'.split(
        ' ',
      );
    expect(readBenchOptions(args)).toEqual({
      ...{ name: 'payments', rate: 10, steps: true, stepBy: 10, stepSeconds: 7 },
      ...{ seconds: 5, minutes: 3, desks: 9, open: 40, times: 7, flame: true, embedded: false },
      ...{ payments: 300, interval: 6, noCall: false, lost: 3 },
      replicas: new Map([...one, ['kaspi', 2], ['gateway', 3]]),
    });
  });

  it.each([
    ['create', 50],
    ['read', 200],
  ])('measures %s at one rate of its own', (name, rate) => {
    expect(readBenchOptions([name])).toMatchObject({ name, rate, steps: false, seconds: 20 });
  });

  it('replaces the certificate under 100 payments a second, and returns money at 10 with 20 lost answers', () => {
    expect(readBenchOptions(['certificate'])).toMatchObject({ rate: 100, seconds: 30, times: 2, minutes: 6 });
    expect(readBenchOptions(['refunds'])).toMatchObject({ rate: 10, seconds: 30, lost: 20, minutes: 9 });
  });

  it('lets 100 000 payments wait for a minute each, and a million for ten where the scheduler is alone', () => {
    const waiting = { payments: 100_000, interval: 60, seconds: 120, minutes: 10, noCall: false };
    expect(readBenchOptions(['waiting'])).toMatchObject(waiting);
    const alone = { payments: 1_000_000, interval: 600, noCall: true };
    expect(readBenchOptions(['waiting', '--no-call'])).toMatchObject(alone);
    expect(readBenchOptions(['waiting', '--no-call', '--payments', '1000', '--interval=5'])).toMatchObject({
      ...{ payments: 1_000, interval: 5 },
    });
  });

  it('restarts the one of two processes while the other works', () => {
    const options = readBenchOptions(['rolling']);
    expect(options).toMatchObject({ name: 'rolling', rate: 50, seconds: 60, embedded: false });
    expect(options === 'help' ? undefined : options.replicas.get('kaspi')).toBe(2);
  });

  it.each([['--help'], ['-h'], ['payments', '--help']])('shows the help for %j', (...args) => {
    expect(readBenchOptions(args)).toBe('help');
  });

  it.each([
    [[], 'Name what to measure: payments, create, read, poll, refunds, waiting, certificate, startup, idle, rolling.'],
    [
      ['cash'],
      'There is no measurement "cash": choose one of payments, create, read, poll, refunds, waiting, certificate, startup, idle, rolling.',
    ],
    [['read', 'poll'], 'One measurement at a time: read and poll were given.'],
    [['read', '--steps'], '--steps is for payments only, not for read.'],
    [['payments', '--rate', '0'], '--rate needs a whole number from 1 to 5000, not "0".'],
    [['payments', '--rate', '1.5'], '--rate needs a whole number from 1 to 5000, not "1.5".'],
    [
      ['payments', '--rate', '5', '--seconds', '300', '--flame', '--minutes', '6'],
      '--seconds 300 does not fit: give --minutes 8 or more.',
    ],
    [['startup', '--times', '100'], '--times 100 does not fit: give --minutes'],
    [['startup', '--embedded'], '--embedded is not for startup'],
    [['read', '--no-call'], '--no-call is for waiting only, not for read.'],
    [['waiting', '--payments', '1000001'], '--payments needs a whole number from 1 to 1000000'],
    [['refunds', '--lost', '101'], '--lost needs a whole number from 1 to 100'],
    [['waiting', '--seconds', '600'], '--seconds 600 does not fit: give --minutes 16 or more.'],
    [['rolling', '--flame'], '--flame is not for rolling.'],
    [['rolling', '--replicas', 'kaspi=1'], 'rolling restarts kaspi while another one works: run at least two.'],
    [['payments', '--embedded', '--replicas', 'kaspi=2'], '--replicas and --embedded do not go together.'],
    [['payments', '--replicas', 'kaspi=0'], 'Without kaspi there is nothing to measure: run at least one.'],
    [['payments', '--minutes', '121'], '--minutes needs a whole number from 1 to 120, not "121".'],
    [['payments', '--fast'], "Unknown option '--fast': npm run bench -- --help lists the options."],
  ])('refuses %j in one sentence', (args, sentence) => {
    expect(() => readBenchOptions(args)).toThrow(sentence);
  });
});
