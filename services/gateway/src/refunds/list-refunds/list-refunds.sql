-- p: tenant, mode, organizations, limit, and any of status (array), payment, organization, desk, reference, created_after,
-- created_before, after (id of the last one seen). Newest first: ids rise with time.
-- Planned for the filters that are really given.
CREATE OR REPLACE FUNCTION list_refunds(p jsonb) RETURNS SETOF jsonb
LANGUAGE plpgsql SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  the_tenant uuid := p ->> 'tenant';
  the_mode   text := p ->> 'mode';
  statuses   text[] := CASE WHEN jsonb_typeof(p -> 'status') = 'array'
                            THEN ARRAY(SELECT jsonb_array_elements_text(p -> 'status')) END;
  the_payment uuid := p ->> 'payment';
  the_organization uuid := p ->> 'organization';
  the_desk   text := p ->> 'desk';
  the_reference text := p ->> 'reference';
  since      timestamptz := p ->> 'created_after';
  until      timestamptz := p ->> 'created_before';
  last_seen  uuid := p ->> 'after';
BEGIN
  PERFORM set_config('tolem.tenant', p ->> 'tenant', true);
  RETURN QUERY
    SELECT refund_row(it) FROM refund it
     WHERE it.tenant_id = the_tenant AND it.mode = the_mode
       AND (statuses IS NULL OR it.status = ANY (statuses))
       AND (the_payment IS NULL OR it.payment_id = the_payment)
       AND (the_organization IS NULL OR it.organization_id = the_organization)
       AND (the_desk IS NULL OR it.desk = the_desk)
       AND (the_reference IS NULL OR it.reference = the_reference)
       AND (since IS NULL OR it.created_at >= since)
       AND (until IS NULL OR it.created_at < until)
       AND (last_seen IS NULL OR it.id < last_seen)
       AND key_may_see(it.organization_id, p -> 'organizations')
     ORDER BY it.id DESC
     LIMIT (p ->> 'limit')::integer;
END
$$;
