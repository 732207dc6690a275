import { describe, expect, it } from '@jest/globals';
import { commandLine } from './command-line.ts';

describe('the command line', () => {
  it('has the defaults of the bank and of one machine', () => {
    expect(commandLine(['--data', 'x'])).toMatchObject({
      kind: 'start',
      exitWithParent: false,
      options: {
        dataFolder: 'x',
        controlPort: 8540,
        r3Port: 8545,
        host: '127.0.0.1',
        timers: 'local',
      },
    });
    expect(commandLine(['--data', 'x'])).not.toHaveProperty('options.r3AllowedAddresses');
  });

  it('reads every option', () => {
    const argv =
      '--data d --control-port 0 --r3-port 1 --r1-port 2 --r2-port 3 --invoice-life-ms 5 --host 0.0.0.0 --timers bank --allow-ip 10.0.0.1,10.0.0.2'.split(
        ' ',
      );
    expect(commandLine([...argv, '--exit-with-parent', '--name', 'bank,sandbox'])).toMatchObject({
      exitWithParent: true,
      options: {
        controlPort: 0,
        r1Port: 2,
        r2Port: 3,
        r3Port: 1,
        invoiceLifeMs: 5,
        host: '0.0.0.0',
        timers: 'bank',
        r3AllowedAddresses: ['10.0.0.1', '10.0.0.2'],
        names: ['bank', 'sandbox'],
      },
    });
    expect(commandLine(['--help'])).toEqual({ kind: 'help' });
  });

  it.each([
    [[], '--data is missing'],
    [['--data', 'x', '--r3-port', '70000'], '--r3-port cannot be read'],
    [['--data', 'x', '--timers', 'slow'], '--timers cannot be read'],
    [['--data', 'x', '--allow-ip', 'everybody'], '--allow-ip cannot be read'],
    [['--data', 'x', '--colour', 'red'], "Unknown option '--colour'"],
  ])('names the option that it cannot use: %j', (argv, sentence) => {
    expect(() => commandLine(argv)).toThrow(sentence);
  });
});
