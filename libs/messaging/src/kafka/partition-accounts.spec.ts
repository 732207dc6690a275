import { beforeEach, describe, expect, it } from '@jest/globals';
import { PartitionAccounts } from './partition-accounts.ts';

const AT = { topic: 'events', partition: 0 };

describe('the accounts of our partitions', () => {
  let accounts: PartitionAccounts;
  beforeEach(() => {
    accounts = new PartitionAccounts();
    accounts.assign({ events: [0, 1] });
  });
  const handle = (...offsets: readonly number[]): void => {
    for (const offset of offsets) accounts.of(AT, offset).take(offset);
    for (const offset of offsets) accounts.of(AT, offset).settle(offset);
  };
  const commit = (): number[] =>
    accounts.uncommitted.map(({ offset, offsets }) => {
      offsets.commit(offset);
      return offset;
    });

  it('commit what was handled, once', () => {
    handle(5, 6);
    expect(accounts.uncommitted).toMatchObject([{ ...AT, offset: 7 }]);
    expect(commit()).toEqual([7]);
    expect(accounts.uncommitted).toEqual([]);
  });

  it('never commit for a partition that went to another member, even when its messages come to an end here', () => {
    const offsets = accounts.of(AT, 5);
    offsets.take(5);
    accounts.assign({ events: [1] });
    offsets.settle(5);
    expect(accounts.owns(AT)).toBe(false);
    expect(accounts.uncommitted).toEqual([]);
  });

  it('do not accept a batch that leaves out what was given up, but once: offsets may have gaps', () => {
    handle(5);
    commit();
    accounts.of(AT, 6).take(6);
    accounts.assign({ events: [0] });
    expect(accounts.leavesOut(AT, 20)).toBe(true);
    expect(accounts.leavesOut(AT, 20)).toBe(false);
    accounts.assign({ events: [0] });
    expect(accounts.leavesOut(AT, 6)).toBe(false);
    expect(accounts.leavesOut({ ...AT, partition: 1 }, 20)).toBe(false);
  });

  it('begin anew with a topic that was made anew, whatever of the old one is still in hand', () => {
    handle(100, 101);
    commit();
    const old = accounts.of(AT, 102);
    old.take(102);
    handle(0, 1);
    expect(commit()).toEqual([2]);
    old.settle(102);
    expect(accounts.uncommitted).toEqual([]);
  });
});
