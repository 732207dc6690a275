import { describe, expect, it } from '@jest/globals';
import { envelope } from './envelope.ts';

describe('the envelope of an answer', () => {
  it('carries the official text of its code, unless the text is left out', () => {
    expect(envelope({ code: -1601 }, 'told', 0)).toBe('{"StatusCode":-1601,"Message":"Покупка не найдена"}');
    expect(envelope({ code: -1601 }, 'absent', 1)).toBe('{"StatusCode":-1601,"Data":null}');
    expect(envelope({ code: 0 }, 'empty', 0)).toBe('{"StatusCode":0,"Message":""}');
    expect(envelope({ code: -12345 }, 'told', 0)).toBe('{"StatusCode":-12345,"Message":"StatusCode -12345"}');
    expect(envelope({ code: 0, message: null, data: {} }, 'told', 0)).toBe('{"StatusCode":0,"Data":{}}');
  });

  it('has its keys in changing order on success, and no Data where there is none to tell', () => {
    const reply = { code: 0, data: { Status: 'Wait' } };
    expect(envelope(reply, 'told', 0)).toBe('{"StatusCode":0,"Message":"OK","Data":{"Status":"Wait"}}');
    expect(envelope(reply, 'told', 1)).toBe('{"Data":{"Status":"Wait"},"StatusCode":0,"Message":"OK"}');
    expect(envelope({ code: 0 }, 'told', 1)).toBe('{"StatusCode":0,"Message":"OK"}');
    expect(envelope({ code: 0, emulator: true }, 'told', 0)).toBe('{"StatusCode":0,"message":"OK"}');
  });
});
