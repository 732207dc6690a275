const FIRST_BYTES = 4 * 1024;

/**
 * The body of an answer as it grows, in one buffer: a server that sends every byte in a piece of its own costs no more
 * than one that does not.
 */
export class AnswerBody {
  #buffer = Buffer.alloc(0);
  #length = 0;

  constructor(private readonly maxBytes: number) {}

  get bytes(): number {
    return this.#length;
  }

  /** Copies the piece; false when it goes beyond the limit, and then nothing of it is kept. */
  append(piece: Uint8Array): boolean {
    const length = this.#length + piece.length;
    if (length > this.maxBytes) return false;
    if (length > this.#buffer.length) this.#grow(length);
    this.#buffer.set(piece, this.#length);
    this.#length = length;
    return true;
  }

  /** UTF-8; what is none becomes U+FFFD. */
  text(): string {
    return new TextDecoder().decode(this.#buffer.subarray(0, this.#length));
  }

  forget(): void {
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
  }

  #grow(needed: number): void {
    const capacity = Math.min(this.maxBytes, Math.max(FIRST_BYTES, needed, this.#buffer.length * 2));
    const larger = Buffer.allocUnsafe(capacity);
    larger.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = larger;
  }
}
