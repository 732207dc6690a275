import type { Assignment, PartitionOffset } from './group-member.ts';
import { SettledOffsets } from './settled-offsets.ts';

type Partition = Omit<PartitionOffset, 'offset'>;

interface Account {
  readonly at: Partition;
  readonly offsets: SettledOffsets;
  /** The group has gathered anew, and nothing was read since. */
  unread: boolean;
}

/** An offset that may be committed, and the account that it is written down in when it was. */
export interface Uncommitted extends PartitionOffset {
  readonly offsets: SettledOffsets;
}

/** The accounts of the partitions that are ours. */
export class PartitionAccounts {
  readonly #accounts = new Map<string, Account>();
  #ours: Assignment['partitions'] = {};

  /** The group has gathered: accounts of partitions that went to others are closed. */
  assign(ours: Assignment['partitions']): void {
    this.#ours = ours;
    for (const [name, account] of this.#accounts) {
      if (this.owns(account.at)) account.unread = true;
      else this.#accounts.delete(name);
    }
  }

  owns({ topic, partition }: Partition): boolean {
    return this.#ours[topic]?.includes(partition) === true;
  }

  /**
   * Whether a batch that begins with this offset leaves out what was given up when the group gathered. With several
   * brokers a batch may have been on its way meanwhile; reading has to go back first. Asked once, because the next batch
   * counts, whatever it begins with: offsets may have gaps.
   */
  leavesOut({ topic, partition }: Partition, first: number): boolean {
    const account = this.#accounts.get(nameOf(topic, partition));
    if (account?.unread !== true) return false;
    account.unread = false;
    return first > account.offsets.committed;
  }

  /** Where reading has gone back behind what is committed, the topic was made anew: its old offsets mean nothing there. */
  of({ topic, partition }: Partition, offset: number): SettledOffsets {
    const name = nameOf(topic, partition);
    const known = this.#accounts.get(name);
    if (known !== undefined && offset >= known.offsets.committed) return known.offsets;
    const offsets = new SettledOffsets(offset);
    this.#accounts.set(name, { at: { topic, partition }, offsets, unread: false });
    return offsets;
  }

  get uncommitted(): readonly Uncommitted[] {
    return [...this.#accounts.values()]
      .map(({ at, offsets }) => ({ ...at, offset: offsets.position, offsets }))
      .filter(({ offset, offsets }) => offset > offsets.committed);
  }
}

function nameOf(topic: string, partition: number): string {
  return `${topic}/${partition}`;
}
