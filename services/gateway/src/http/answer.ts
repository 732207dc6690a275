/**
 * An answer that decides its own status and headers. Whatever else a controller returns goes out with the status that
 * Nest gives to its method.
 */
export class Answer {
  constructor(
    readonly status: number,
    readonly body: unknown,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {}
}

/** What a POST that creates a resource answers: 201 for the first, 200 and `Idempotent-Replayed: true` for a repeat. */
export function created(replayed: boolean, body: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  return replayed
    ? new Answer(200, body, { ...headers, 'idempotent-replayed': 'true' })
    : new Answer(201, body, headers);
}
