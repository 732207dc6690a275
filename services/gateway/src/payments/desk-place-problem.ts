import { idFromUuid } from '@tolem/domain';
import { type ApiProblem, unprocessable } from '../http/api-problem.ts';

/** What the SQL function `desk_place` refuses. */
export type DeskPlaceRefusal =
  | { readonly outcome: 'desk_in_other_trade_point'; readonly trade_point: string }
  | { readonly outcome: 'desk_of_other_organization' | 'trade_point_unknown' | 'trade_point_required' };

export function deskPlaceProblem(refusal: DeskPlaceRefusal): ApiProblem {
  switch (refusal.outcome) {
    case 'desk_of_other_organization':
      return unprocessable(
        'desk_of_other_organization',
        '/desk',
        'This desk belongs to another organization of yours. Desk ids are unique over all of them.',
      );
    case 'desk_in_other_trade_point':
      return unprocessable(
        'desk_in_other_trade_point',
        '/trade_point',
        'This desk stands in another trade point. Move it first: PATCH /v1/desks/{id}.',
        { extra: { trade_point: idFromUuid('tp', refusal.trade_point) } },
      );
    case 'trade_point_unknown':
      return unprocessable(
        'trade_point_unknown',
        '/trade_point',
        'The organization has no such trade point. See GET /v1/organizations/{id}/trade_points.',
      );
    case 'trade_point_required':
      return unprocessable(
        'trade_point_required',
        '/trade_point',
        'This desk is not known yet and the organization does not have exactly one trade point. Say in which one the desk stands; see GET /v1/organizations/{id}/trade_points.',
      );
  }
}
