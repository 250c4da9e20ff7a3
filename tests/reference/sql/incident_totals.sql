-- Every figure of data/it_incidents over all incidents; an incident's last update is the one with the largest number.
WITH last_update AS (
  SELECT arg_max(made_sla, sys_mod_count::INTEGER) AS made_sla,
         max(reopen_count::INTEGER) AS reopened,
         arg_max(reassignment_count::INTEGER, sys_mod_count::INTEGER) AS reassigned,
         arg_max(resolved_at, sys_mod_count::INTEGER) AS resolved_at,
         arg_max(opened_at, sys_mod_count::INTEGER) AS opened_at
  FROM incident_events
  GROUP BY number
), timed AS (
  SELECT *, epoch(strptime(nullif(resolved_at, '?'), '%d/%m/%Y %H:%M') - strptime(opened_at, '%d/%m/%Y %H:%M')) / 3600 AS hours
  FROM last_update
)
SELECT (SELECT count(*) FROM incident_events) AS incident_updates,
       count(*) AS incidents,
       avg((made_sla = 'true')::INTEGER) AS sla_met_rate,
       count(*) FILTER (WHERE reopened > 0) AS incidents_reopened,
       avg((reopened > 0)::INTEGER) AS reopen_rate,
       count(*) FILTER (WHERE reassigned > 1) AS incidents_passed_around,
       count(*) FILTER (WHERE resolved_at = '?') AS incidents_without_resolved_at,
       median(hours) AS hours_to_resolve_median,
       avg(hours) AS hours_to_resolve_mean
FROM timed
