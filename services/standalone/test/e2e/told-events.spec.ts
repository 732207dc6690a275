import { describe, expect, it } from '@jest/globals';
import { toldWrongly } from './told-events.ts';

let events = 0;
const told = (status: string, version: number, type = `payment.${status}`) => {
  events += 1;
  return { id: `evt_${events}`, type, data: { object: { id: 'pay_1', object: 'payment', status, version } } };
};
const created = told('created', 1);
const waiting = told('requires_customer', 2);
const asked = told('requires_customer', 3, 'payment.updated');
const paid = told('succeeded', 4);
const PAID = [{ id: 'pay_1', status: 'succeeded', version: 4 }];

describe('comparing what was told with what is shown', () => {
  it('finds nothing where every version was told once and in order, and another word beside one of them', () => {
    const late = told('succeeded', 4, 'payment.late');
    expect(toldWrongly(PAID, [created, waiting, asked, paid, late])).toEqual([]);
  });

  it.each([
    ['a state that was never told', [created, asked, paid]],
    ['an end that was never told', [created, waiting, asked]],
    ['a state that was told twice', [created, waiting, { ...waiting, id: 'evt_again' }, asked, paid]],
    ['states in another order', [created, asked, waiting, paid]],
    ['an event that was read twice', [created, waiting, asked, paid, paid]],
    ['a step back', [created, told('processing', 2), told('requires_customer', 3), paid]],
    ['another end than the one that is shown', [created, waiting, asked, told('declined', 4)]],
    ['nothing at all', []],
  ])('finds %s', (_what, read) => {
    expect(toldWrongly(PAID, read)).not.toEqual([]);
  });
});
