import { connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from '@jest/globals';
import { sharedStore } from '../src/index.ts';

const VARIABLES = ['TOLEM_TEST_KAFKA', 'TOLEM_TEST_REDIS', 'TOLEM_TEST_STORES'] as const;
const given = Object.fromEntries(VARIABLES.map((name) => [name, process.env[name]]));

describe('a store that all specs of a run share', () => {
  afterEach(() => {
    for (const name of VARIABLES) {
      const value = given[name];
      if (value === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = value;
    }
  });

  it('is the one that the environment names', async () => {
    process.env['TOLEM_TEST_KAFKA'] = 'kafka.example:9092';
    process.env['TOLEM_TEST_REDIS'] = 'redis://redis.example';
    expect(await sharedStore('kafka')).toBe('kafka.example:9092');
    expect(await sharedStore('redis')).toBe('redis://redis.example');
  });

  it('is otherwise one of the run, the same for everybody', async () => {
    delete process.env['TOLEM_TEST_REDIS'];
    const url = await sharedStore('redis');
    expect(await sharedStore('redis')).toBe(url);
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port) });
    socket.write('PING\r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toBe('+PONG\r\n');
  }, 180_000);

  it('is refused with the reason where there is neither', async () => {
    delete process.env['TOLEM_TEST_KAFKA'];
    delete process.env['TOLEM_TEST_STORES'];
    await expect(sharedStore('kafka')).rejects.toThrow('TOLEM_TEST_STORES is not set');
  });
});
