import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_REPLICAS, readReplicas } from '../services/replicas.ts';
import { SERVICES } from '../services/stack-env.ts';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { readStackOptions } from './stack-options.ts';

describe('options of npm run stack', () => {
  it('runs one of each service with a demo on the default port when nothing is asked', () => {
    expect(readStackOptions([])).toEqual({
      action: 'run',
      docker: false,
      fresh: false,
      demo: true,
      port: undefined,
      replicas: new Map(SERVICES.map((service) => [service, 1])),
      egressProxy: false,
    });
  });

  it('reads every option in either spelling of a value', () => {
    const asked = readStackOptions([
      '--replicas',
      'kaspi=2,gateway=3',
      '--fresh',
      '--no-demo',
      '--port=8123',
      '--docker',
    ]);
    expect(asked).toMatchObject({ action: 'run', docker: true, fresh: true, demo: false, port: 8123 });
    expect(asked).toMatchObject({ replicas: new Map([...readReplicas('kaspi=2,gateway=3')]) });
    expect(readStackOptions(['--replicas=kaspi=4'])).toMatchObject({ replicas: readReplicas('kaspi=4') });
    expect(readStackOptions(['--egress-proxy'])).toMatchObject({ action: 'run', egressProxy: true });
    expect(readStackOptions(['--status'])).toEqual({ action: 'status', docker: false });
    expect(readStackOptions(['--stop', '--docker'])).toEqual({ action: 'stop', docker: true });
    expect(readStackOptions(['--logs'])).toEqual({ action: 'logs', docker: false, of: undefined });
    expect(readStackOptions(['--logs', 'kaspi'])).toEqual({ action: 'logs', docker: false, of: 'kaspi' });
    expect(readStackOptions(['--logs=kaspi-2'])).toEqual({ action: 'logs', docker: false, of: 'kaspi-2' });
    expect(readStackOptions(['--logs', '--docker'])).toEqual({ action: 'logs', docker: true, of: undefined });
    expect(readStackOptions(['-h'])).toMatchObject({ action: 'help' });
  });

  it.each([
    [['--quick'], 'Unknown option --quick'],
    [['kaspi'], 'Unknown option kaspi'],
    [['--fresh=yes'], '--fresh takes no value'],
    [['--port'], '--port needs a number'],
    [['--replicas'], '--replicas needs service=number'],
    [['--status', '--stop'], '--status and --stop do not go together'],
    [['--egress-proxy=yes'], '--egress-proxy takes no value'],
    [['--status', '--egress-proxy'], '--status and --egress-proxy do not go together'],
    [['--stop', '--fresh'], '--stop and --fresh do not go together'],
    [['--port', '8080', '--logs', 'kaspi'], '--logs and --port do not go together'],
    [['--replicas', 'gateway=0', '--no-demo'], 'run at least one'],
    [['--replicas', 'kaspi=0'], 'add --no-demo'],
  ])('%j is refused: %s', (args, reason) => {
    expect(() => readStackOptions(args)).toThrow(PlainFailure);
    expect(() => readStackOptions(args)).toThrow(reason);
  });

  it('a provider may be left out where no demo payment needs it', () => {
    expect(readStackOptions(['--replicas', 'kaspi=0', '--no-demo'])).toMatchObject({
      replicas: readReplicas('kaspi=0'),
    });
  });
});

describe('--replicas', () => {
  it('takes exactly the numbers from 0 to 8, of services that exist, each once', () => {
    fc.assert(
      fc.property(fc.constantFrom(...SERVICES), fc.nat(120), (service, count) => {
        const read = (): number | undefined => readReplicas(`${service}=${count}`).get(service);
        if (count <= MAX_REPLICAS) expect(read()).toBe(count);
        else expect(read).toThrow(PlainFailure);
      }),
    );
  });

  it('who is not named runs once', () => {
    expect([...readReplicas('kaspi=3')]).toEqual(SERVICES.map((service) => [service, service === 'kaspi' ? 3 : 1]));
  });

  it.each([
    ['', 'needs service=number'],
    ['kaspi', 'needs service=number'],
    ['kaspi=', 'needs service=number'],
    ['kaspi=-1', 'needs service=number'],
    ['kaspi=1.5', 'needs service=number'],
    ['kaspi=2,,gateway=2', 'needs service=number'],
    ['bank=2', `which is no service: choose of ${SERVICES.join(', ')}`],
    ['kaspi=2,kaspi=3', 'names kaspi twice'],
    ['kaspi=9', 'at most 8'],
  ])('%j is refused: %s', (text, reason) => {
    expect(() => readReplicas(text)).toThrow(reason);
  });
});
