// Loaded into the compiled process with --import: ends it with SIGKILL at the step that the file in TOLEM_CRASH_FILE
// names. SIGUSR2 reads the file anew; an empty file disarms.
import { readFileSync } from 'node:fs';
import { Egress } from '@tolem/egress';
import { InProcessBus, KafkaBus } from '@tolem/messaging';
import { Database, Outbox } from '@tolem/persistence';

let armed;
let left = 0;
function arm() {
  const text = readFileSync(process.env.TOLEM_CRASH_FILE, 'utf8');
  armed = text === '' ? undefined : JSON.parse(text);
  left = armed?.nth ?? 0;
}
arm();
process.on('SIGUSR2', arm);

/**
 * At a step: the nth time that the armed point is reached is the last thing that this process does. Several messages that
 * travel together reach it several times, or a busy machine would never get there.
 */
function at(seam, when, matches) {
  if (armed === undefined || armed.seam !== seam || armed.when !== when) return;
  const times = Number(matches(armed));
  if (times === 0) return;
  left -= times;
  if (left <= 0) process.kill(process.pid, 'SIGKILL');
}

function around(prototype, method, seam, matcher) {
  const original = prototype[method];
  prototype[method] = function (...args) {
    const matches = matcher(args);
    at(seam, 'before', matches);
    const result = original.apply(this, args);
    if (!(result instanceof Promise)) {
      at(seam, 'after', matches);
      return result;
    }
    return result.then((value) => {
      at(seam, 'after', matches);
      return value;
    });
  };
}

const phaseOf = (body) => body?.phase;
const isMessage = (type, body) => (point) =>
  type === point.match && (point.phase === undefined || point.phase === phaseOf(body));

around(
  Database.prototype,
  'query',
  'statement',
  ([sql, values]) =>
    (point) =>
      sql.includes(point.match) && (point.phase === undefined || (values ?? []).includes(point.phase)),
);

around(
  Outbox.prototype,
  'publish',
  'publish',
  ([rows]) =>
    (point) =>
      rows.filter((row) => isMessage(row.headers.ce_type, row.body)(point)).length,
);

for (const { prototype } of [InProcessBus, KafkaBus]) {
  const subscribe = prototype.subscribe;
  prototype.subscribe = function (consumer, topics, deliver) {
    return subscribe.call(this, consumer, topics, async (batch) => {
      const matches = (point) => batch.filter((message) => isMessage(message.type, message.body)(point)).length;
      at('deliver', 'before', matches);
      const outcomes = await deliver(batch);
      at('deliver', 'after', matches);
      return outcomes;
    });
  };
}

const request = Egress.prototype.request;
Egress.prototype.request = async function (call) {
  const matches = (point) => call.path.includes(point.match);
  const mayWrite = () => {
    at('bank', 'before', matches);
    // The bytes leave in this turn of the loop; a moment later they are on the wire and no answer is read yet.
    setImmediate(() => at('bank', 'written', matches));
    return call.mayWrite?.() ?? true;
  };
  const outcome = await request.call(this, { ...call, mayWrite });
  at('bank', 'after', matches);
  return outcome;
};
