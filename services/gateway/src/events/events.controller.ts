import { Controller, Get, Param, Query } from '@nestjs/common';
import type { Answer } from '../http/answer.ts';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import { ClientGone } from '../payments/waiting/client-gone.ts';
import { eventsPageSchema, type ReadEventsQuery, readEventsSchema } from './event.schema.ts';
import { type EventView, eventViewSchema } from './event.view.ts';
import { ReadEvents } from './read-events.ts';

const tag = 'Events';

@Controller('v1/events')
@Requires('payments:read')
export class EventsController {
  constructor(private readonly readEvents: ReadEvents) {}

  @Get()
  @Operation({
    tag,
    summary: 'Read what happened, or wait for the next event',
    description:
      'Oldest first, from `after` on. Keep `next` of every answer, also of an empty one, and pass it as `after`: no event is ever skipped or shown twice. ' +
      'With `wait` an empty answer comes only at the end of the wait. Events are kept for 30 days, and so is a cursor. ' +
      'A key that is limited to organizations sees what belongs to them; events about the webhook endpoint need the scope `webhooks:write` besides.',
    answer: eventsPageSchema,
    problems: { 400: ['invalid_request', 'invalid_cursor'], 410: ['cursor_expired'], 503: ['service_overloaded'] },
  })
  list(
    @CallerKey() caller: KeyAuth,
    @Query({ schema: readEventsSchema }) query: ReadEventsQuery,
    @ClientGone() gone: AbortSignal,
  ): Promise<Answer> {
    return this.readEvents.run(caller, query, gone);
  }

  @Get(':id')
  @Operation({ tag, summary: 'Look at one event', answer: eventViewSchema, problems: { 404: ['not_found'] } })
  get(@CallerKey() caller: KeyAuth, @Param('id', new IdPipe('evt', 'event')) id: string): Promise<EventView> {
    return this.readEvents.get(caller, id);
  }
}
