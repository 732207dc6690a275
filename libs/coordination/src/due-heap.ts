/** What lives in a heap and knows its own place there. */
export interface Placed {
  place: number;
}

/** A binary heap whose members can be moved and taken out from anywhere: each step costs the logarithm of its size. */
export class DueHeap<Member extends Placed> {
  readonly #members: Member[] = [];

  constructor(private readonly earlier: (a: Member, b: Member) => boolean) {}

  get top(): Member | undefined {
    return this.#members[0];
  }

  get size(): number {
    return this.#members.length;
  }

  add(member: Member): void {
    member.place = this.#members.length;
    this.#members.push(member);
    this.#rise(member.place);
  }

  delete(member: Member): void {
    const last = this.#members.pop();
    if (last === undefined || last === member) return;
    last.place = member.place;
    this.#members[member.place] = last;
    this.moved(last);
  }

  /** A member became earlier or later than it was. */
  moved(member: Member): void {
    this.#rise(member.place);
    this.#sink(member.place);
  }

  #rise(place: number): void {
    for (let at = place; at > 0;) {
      const parent = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, parent)) return;
      at = parent;
    }
  }

  #sink(place: number): void {
    for (let at = place; ;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const child = this.#isEarlier(right, left) ? right : left;
      if (!this.#swapIfEarlier(child, at)) return;
      at = child;
    }
  }

  #isEarlier(a: number, b: number): boolean {
    const first = this.#members[a];
    const second = this.#members[b];
    return first !== undefined && second !== undefined && this.earlier(first, second);
  }

  #swapIfEarlier(child: number, parent: number): boolean {
    const lower = this.#members[child];
    const upper = this.#members[parent];
    if (lower === undefined || upper === undefined || !this.earlier(lower, upper)) return false;
    this.#members[parent] = lower;
    this.#members[child] = upper;
    lower.place = parent;
    upper.place = child;
    return true;
  }
}
