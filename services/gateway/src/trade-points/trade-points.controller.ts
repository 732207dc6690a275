import { Controller, Get, Param, Query as QueryParameters } from '@nestjs/common';
import { z } from 'zod';
import type { KeyAuth } from '../http/auth.ts';
import { Operation } from '../http/docs/operation.ts';
import { IdPipe } from '../http/id-pipe.ts';
import { afterOf, type Page, pageOf, pageSchema, pageShape } from '../http/page.ts';
import { CallerKey, Requires } from '../http/requires.ts';
import { tradePointOf, TradePoints, tradePointView } from './trade-points.ts';

const tag = 'Trade points';
const listSchema = z.strictObject({
  ...pageShape,
  active: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
  provider: z.string().max(40).optional(),
});

@Controller('v1')
@Requires('organizations:write', 'payments:read')
export class TradePointsController {
  constructor(private readonly tradePoints: TradePoints) {}

  @Get('organizations/:id/trade_points')
  @Operation({
    tag,
    summary: 'List trade points of an organization, as its providers list them',
    answer: pageSchema(tradePointView),
    problems: { 404: ['not_found'] },
  })
  async list(
    @CallerKey() auth: KeyAuth,
    @Param('id', new IdPipe('org', 'organization')) organizationId: string,
    @QueryParameters({ schema: listSchema }) page: z.output<typeof listSchema>,
  ): Promise<Page<object>> {
    const rows = await this.tradePoints.list(auth, organizationId, {
      active: page.active ?? null,
      provider: page.provider ?? null,
      after: afterOf(page),
      limit: page.limit + 1,
    });
    return pageOf(rows, page, tradePointOf);
  }

  @Get('trade_points/:id')
  @Operation({ tag, summary: 'Look at a trade point', answer: tradePointView, problems: { 404: ['not_found'] } })
  async get(@CallerKey() auth: KeyAuth, @Param('id', new IdPipe('tp', 'trade point')) id: string): Promise<object> {
    return tradePointOf(await this.tradePoints.get(auth, id));
  }
}
