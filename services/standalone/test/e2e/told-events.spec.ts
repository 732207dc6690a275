import { describe, expect, it } from '@jest/globals';
import { deliveredWrongly, toldWrongly } from './told-events.ts';

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

describe('comparing what webhooks brought with what was read', () => {
  const read = [created, waiting, paid];
  const brought = (event: typeof created, id = event.id) => ({ id, event });

  it('finds nothing where each event came, some of them twice and in another order', () => {
    expect(
      deliveredWrongly(
        read,
        [paid, created, paid, waiting].map((event) => brought(event)),
      ),
    ).toEqual([]);
  });

  it.each([
    ['an event that never came', [brought(created), brought(paid)]],
    ['a repeat under another id', [...read.map((event) => brought(event)), brought(paid, 'evt_again')]],
    [
      'an event under the id of another one',
      [brought(created), brought(waiting), brought({ ...paid, id: waiting.id }, paid.id)],
    ],
    [
      'a repeat that says something else',
      [...read.map((event) => brought(event)), brought({ ...paid, data: waiting.data })],
    ],
    ['an event that nobody can read', [...read.map((event) => brought(event)), brought(told('declined', 5))]],
  ])('finds %s', (_what, came) => {
    expect(deliveredWrongly(read, came)).toHaveLength(1);
  });
});
