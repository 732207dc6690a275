/** What the gateway answered. Specs compare `body` as a whole, or read one place of it by JSON Pointer. */
export class Reply {
  constructor(
    readonly status: number,
    readonly headers: Headers,
    readonly body: Readonly<Record<string, unknown>>,
    readonly text: string,
  ) {}

  /** The value at a JSON Pointer such as `/errors/0/pointer`; undefined where there is none. */
  at(pointer: string): unknown {
    return pointer
      .split('/')
      .slice(1)
      .reduce<unknown>(
        (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
        this.body,
      );
  }

  /** Text at a JSON Pointer; fails where it is none. */
  string(pointer: string): string {
    const value = this.at(pointer);
    if (typeof value !== 'string') throw new Error(`no text at ${pointer} of ${this.status} ${this.text}`);
    return value;
  }

  /** The list at a JSON Pointer, by default that of a page; fails where it is none. */
  list(pointer = '/data'): readonly Readonly<Record<string, unknown>>[] {
    const value = this.at(pointer);
    if (!Array.isArray(value)) throw new Error(`no list at ${pointer} of ${this.status} ${this.text}`);
    return value as readonly Readonly<Record<string, unknown>>[];
  }
}

type Extra = Readonly<Record<string, string>>;

/** The public API as a chain's server calls it. POSTs carry an Idempotency-Key of their own unless told otherwise. */
export class ApiClient {
  constructor(
    private readonly url: string,
    readonly key: string | null,
    private readonly nextKey: () => string,
  ) {}

  get(path: string, headers: Extra = {}): Promise<Reply> {
    return this.send('GET', path, undefined, headers);
  }

  /** `'idempotency-key': ''` in `headers` sends none. */
  post(path: string, body?: unknown, headers: Extra = {}): Promise<Reply> {
    return this.send('POST', path, body, { 'idempotency-key': this.nextKey(), ...headers });
  }

  put(path: string, body: unknown, headers: Extra = {}): Promise<Reply> {
    return this.send('PUT', path, body, headers);
  }

  patch(path: string, body: unknown, headers: Extra = {}): Promise<Reply> {
    return this.send('PATCH', path, body, headers);
  }

  delete(path: string, headers: Extra = {}): Promise<Reply> {
    return this.send('DELETE', path, undefined, headers);
  }

  /** Sends a body as it is where it is text, else as JSON. */
  async send(method: string, path: string, body: unknown, headers: Extra = {}): Promise<Reply> {
    const all: Record<string, string> = {
      ...(this.key === null ? {} : { authorization: `Bearer ${this.key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    const response = await fetch(this.url + path, {
      method,
      headers: sent,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    const parsed: unknown = isJson && text !== '' ? JSON.parse(text) : {};
    return new Reply(response.status, response.headers, parsed as Readonly<Record<string, unknown>>, text);
  }
}
