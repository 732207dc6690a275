import { describe, expect, it } from '@jest/globals';
import type { EgressOutcome } from '@tolem/egress';
import fc from 'fast-check';
import { KASPI_CODES } from '../answers/codes.ts';
import { readAnswer } from './kaspi-answer.ts';
import * as wire from './wire.ts';

const answered = (body: string, status = 200): EgressOutcome => ({
  kind: 'answered',
  status,
  headers: {},
  body,
  ms: 3,
});
const status = (body: string, httpStatus = 200) => readAnswer(answered(body, httpStatus), wire.paymentStatus);

describe('what one call came to', () => {
  it('a request that was certainly not sent is not_sent with its reason', () => {
    const outcome: EgressOutcome = { kind: 'not_sent', reason: 'connect_timeout', detail: 'connect', ms: 5 };
    expect(readAnswer(outcome, wire.noData)).toEqual({ is: 'not_sent', reason: 'connect_timeout', detail: 'connect' });
  });

  it('a request without an answer is lost with its reason', () => {
    const outcome: EgressOutcome = { kind: 'sent_without_answer', reason: 'answer_cut', detail: 'body', ms: 5 };
    expect(readAnswer(outcome, wire.noData)).toEqual({ is: 'lost', reason: 'answer_cut', detail: 'body' });
  });

  it.each(KASPI_CODES.filter((code) => code.class !== 'success'))(
    'StatusCode $statusCode under HTTP 200 is a refusal with the bank’s words',
    (code) => {
      const body = `{"Message":" нет ","StatusCode":${code.statusCode},"Data":null}`;
      expect(status(body)).toEqual({ is: 'refused', code, message: 'нет' });
    },
  );

  it.each([
    '{"StatusCode":-1601}',
    '{"statusCode":"-1601","message":""}',
    '{"STATUSCODE":"- 1601","Message":null,"Data":{}}',
    '{"Data":{"Status":"Processed"},"StatusCode":-1601}',
    '\ufeff{"StatusCode":-1601,"Message":17}',
  ])('a refusal is read in any spelling, with or without Message and Data: %s', (body) => {
    expect(status(body)).toMatchObject({ is: 'refused', code: { statusCode: '-1601' }, message: null });
  });

  it('an unknown StatusCode keeps all its digits and the words of the bank, cut to a bound', () => {
    const answer = status(`{"StatusCode":9223372036854775807,"Message":"${'я'.repeat(5_000)}"}`);
    expect(answer).toMatchObject({ is: 'refused', code: { statusCode: '9223372036854775807', class: 'unlisted' } });
    expect(answer.is === 'refused' ? answer.message?.length : undefined).toBe(500);
  });

  it.each([199, 301, 400, 401, 404, 500, 502, 503])('HTTP %d is lost whatever the body says', (httpStatus) => {
    const paid = '{"StatusCode":0,"Data":{"Status":"Processed"}}';
    expect(status(paid, httpStatus)).toMatchObject({ is: 'lost', reason: 'http_status', httpStatus });
    const refusal = status('{"statusCode":-1501,"message":"нет"}', httpStatus);
    expect(refusal).toMatchObject({ is: 'lost', reason: 'http_status', message: 'нет', code: { statusCode: '-1501' } });
    const html = status('<html>', httpStatus);
    expect(html).toEqual({ is: 'lost', reason: 'http_status', detail: `HTTP ${httpStatus}`, httpStatus });
  });

  it.each([
    ['not_json', ''],
    ['not_json', '<html><body>OK</body></html>'],
    ['not_json', '{"StatusCode":0,"Data":{"Status":"Proc'],
    ['not_json', '{"StatusCode":0,}'],
    ['not_json', '['.repeat(100_000)],
    ['no_envelope', 'null'],
    ['no_envelope', '0'],
    ['no_envelope', '"OK"'],
    ['no_envelope', '[]'],
    ['no_envelope', '[{"StatusCode":0,"Data":{"Status":"Processed"}}]'],
    ['no_envelope', '{}'],
    ['no_envelope', '{"Data":{"Status":"Processed"}}'],
    ['no_envelope', '{"StatusCode":null,"Data":{"Status":"Processed"}}'],
    ['no_envelope', '{"StatusCode":"","Data":{"Status":"Processed"}}'],
    ['no_envelope', '{"StatusCode":false,"Data":{"Status":"Processed"}}'],
    ['no_envelope', '{"StatusCode":0.5,"Data":{"Status":"Processed"}}'],
    ['no_envelope', '{"StatusCode":"OK","Data":{"Status":"Processed"}}'],
    ['data_incomplete', '{"StatusCode":0}'],
    ['data_incomplete', '{"StatusCode":0,"Data":null}'],
    ['data_incomplete', '{"StatusCode":0,"Data":"Processed"}'],
    ['data_incomplete', '{"StatusCode":0,"Data":[]}'],
    ['data_incomplete', '{"StatusCode":0,"Data":{}}'],
    ['data_incomplete', '{"StatusCode":0,"Data":{"Status":null}}'],
    ['data_incomplete', '{"StatusCode":0,"Data":{"Status":" "}}'],
    ['data_incomplete', '{"StatusCode":0,"Data":{"Status":7}}'],
  ])('under HTTP 200 this is lost, %s: %.60s', (reason, body) => {
    expect(status(body)).toMatchObject({ is: 'lost', reason });
  });

  it('the detail of a lost answer names fields and never quotes the body', () => {
    const answer = readAnswer(
      answered('{"StatusCode":0,"Data":{"DeviceToken":{"x":"secret-token"}}}'),
      wire.registeredDevice,
    );
    expect(answer).toMatchObject({ is: 'lost', detail: 'unreadable: devicetoken' });
    expect(JSON.stringify(answer)).not.toContain('secret-token');
  });

  it('ping and device/delete succeed with Data null, absent or anything', () => {
    for (const body of ['{"StatusCode":0}', '{"StatusCode":0,"Data":null}', '{"statuscode":"0","Data":[1]}']) {
      expect(readAnswer(answered(body), wire.noData)).toEqual({ is: 'ok', data: null });
    }
  });

  it('no JSON makes the reading throw, and without StatusCode 0 nothing is ok', () => {
    const schemas = [wire.noData, wire.tradePointList, wire.registeredDevice, wire.createdQr, wire.paymentStatus];
    const codes = fc.oneof(fc.jsonValue(), fc.constantFrom(0, '0', -999, '', null, 1e300));
    fc.assert(
      fc.property(codes, fc.jsonValue(), fc.constantFrom(...schemas), (code, data, schema) => {
        const answer = readAnswer<unknown>(answered(JSON.stringify({ StatusCode: code, Data: data })), schema);
        if (answer.is === 'ok') expect(Number(code)).toBe(0);
        else expect(['refused', 'lost']).toContain(answer.is);
      }),
    );
  });

  it('no text at all makes the reading throw or succeed', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 100, max: 599 }), (body, httpStatus) => {
        expect(readAnswer(answered(body, httpStatus), wire.noData).is).toBe('lost');
      }),
    );
  });

  it('a body nested as deep as JSON is accepted is still read', () => {
    const depth = 62;
    const body = `{"StatusCode":0,"Data":{"Status":"Wait","x":${'['.repeat(depth)}${']'.repeat(depth)}}}`;
    expect(status(body)).toMatchObject({ is: 'ok', data: { status: 'Wait' } });
  });
});
