import { describe, expect, it } from '@jest/globals';
import { readData as read } from '../../test/read-data.ts';
import * as remote from './wire-remote.ts';

describe('invoices to a phone', () => {
  it('the payer is a name, or nobody was found', () => {
    expect(read(remote.payer, '{"clientName":" Айгүл С. "}')).toEqual({ clientName: 'Айгүл С.' });
    for (const json of ['{}', '{"ClientName":""}', '{"ClientName":null}', 'null']) {
      expect(read(remote.payer, json)).toBe('unreadable');
    }
  });

  it('an invoice is known only by its id, to the last digit', () => {
    expect(read(remote.createdRemote, '{"QrPaymentId":9007199254740993}')).toEqual({ qrPaymentId: '9007199254740993' });
    expect(read(remote.createdRemote, '{"qrPaymentId":"9007199254740993"}')).toEqual({
      qrPaymentId: '9007199254740993',
    });
    for (const json of ['{}', '{"QrPaymentId":0}', '{"QrPaymentId":null}', 'null', '[]']) {
      expect(read(remote.createdRemote, json)).toBe('unreadable');
    }
  });

  it.each([
    ['{"Status":"RemotePaymentCanceled"}', 'RemotePaymentCanceled'],
    ['{"status":null}', null],
    ['{}', null],
    ['null', null],
    ['"OK"', null],
  ])('a cancel is taken with or without a word: %s', (json, status) => {
    expect(read(remote.canceledRemote, json)).toEqual({ status });
  });
});
