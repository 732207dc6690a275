import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { PlainFailure } from '../terminal/plain-failure.ts';
import { readStartOptions } from './start-options.ts';

describe('options of npm start', () => {
  it('serves with a demo on the default port when nothing is asked', () => {
    expect(readStartOptions([])).toEqual({ fresh: false, demo: true, port: undefined, help: false });
  });

  it('reads every option in either spelling of a value', () => {
    expect(readStartOptions(['--fresh', '--no-demo', '--port', '8123'])).toEqual({
      fresh: true,
      demo: false,
      port: 8123,
      help: false,
    });
    expect(readStartOptions(['--port=9'])).toMatchObject({ port: 9 });
    expect(readStartOptions(['-h'])).toMatchObject({ help: true });
  });

  it('names an option that it does not know', () => {
    expect(() => readStartOptions(['--quick'])).toThrow('Unknown option --quick');
    expect(() => readStartOptions(['serve'])).toThrow('Unknown option serve');
    expect(() => readStartOptions(['--fresh=yes'])).toThrow('--fresh takes no value');
  });

  it('accepts exactly the port numbers that exist', () => {
    fc.assert(
      fc.property(fc.integer({ min: -10, max: 70_000 }), (port) => {
        const read = (): unknown => readStartOptions(['--port', String(port)]).port;
        if (port >= 1 && port <= 65_535) expect(read()).toBe(port);
        else expect(read).toThrow(PlainFailure);
      }),
    );
    for (const text of ['', '80a', '1e3', '0x50', '8080.5']) {
      expect(() => readStartOptions(['--port', text])).toThrow(`not "${text}"`);
    }
    expect(() => readStartOptions(['--port'])).toThrow(PlainFailure);
  });
});
