import { describe, expect, it } from '@jest/globals';
import { CALLS, SHAPE_CALLS, faultFits, parseFault } from './fault.ts';

describe('the texts of faults', () => {
  it('carry their numbers', () => {
    expect(parseFault('delay:250')).toEqual({ type: 'transport', transport: { kind: 'delay', delayMs: 250 } });
    expect(parseFault('status_code:-99000006')).toEqual({
      type: 'transport',
      transport: { kind: 'status_code', code: -99000006 },
    });
    expect(parseFault('status_code:9900000018')).toMatchObject({ transport: { code: 9_900_000_018 } });
  });

  it.each(['', 'delay:', 'delay:-1', 'delay:600001', 'status_code:', 'status_code:1.5', 'toString', 'Html'])(
    'do not include %j',
    (text) => {
      expect(parseFault(text)).toBeUndefined();
    },
  );

  it('of the looks of an answer fit the calls that have such looks, those of the transport fit all', () => {
    const html = parseFault('html');
    const camel = parseFault('camel_case_options');
    if (html === undefined || camel === undefined) throw new Error('known faults');
    expect(CALLS.filter((call) => faultFits(html, call))).toEqual([...CALLS]);
    expect(CALLS.filter((call) => faultFits(camel, call))).toEqual(['qr/create', 'qr/create-link', 'return/create']);
    for (const shape of Object.keys(SHAPE_CALLS)) expect(parseFault(shape)).toEqual({ type: 'shape', shape });
  });
});
