import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { anyFreePort } from '../processes/ports.ts';
import { ANY_PORTS, UsualPorts } from './stack-ports.ts';

describe('ports of a house of many processes', () => {
  it('no two processes are promised the same port, however many ask at once, and the first gateway has the one asked for', async () => {
    const asked = await anyFreePort();
    const ports = await UsualPorts.from(asked);
    const services = ['gateway', 'gateway', 'kaspi', 'kaspi'].map((name) => ports.service(name));
    const bank = [ports.sandboxControl(), ports.kaspi('r1'), ports.kaspi('r2'), ports.kaspi('r3'), ports.egressProxy()];
    const [chosen, bankPorts] = await Promise.all([Promise.all(services), Promise.all(bank)]);
    expect(chosen[0]?.gatewayPort).toBe(asked);
    expect(chosen.slice(2).map(({ gatewayPort }) => gatewayPort)).toEqual([0, 0]);
    const all = [...bankPorts, ...chosen.flatMap(({ gatewayPort, managementPort }) => [gatewayPort, managementPort])];
    const promised = all.filter((port) => port !== 0);
    expect(promised).toHaveLength(11);
    expect(new Set(promised).size).toBe(11);
  });

  it('a port that was asked for and is taken is named', async () => {
    const port = await anyFreePort();
    const squatter = createServer().listen(port, '127.0.0.1');
    await once(squatter, 'listening');
    await expect(UsualPorts.from(port)).rejects.toThrow(`Port ${port} is taken`);
    squatter.close();
  });

  it('a program that does not care leaves the choice to the operating system', async () => {
    expect(await ANY_PORTS.service('gateway')).toEqual({ gatewayPort: 0, managementPort: 0 });
  });
});
