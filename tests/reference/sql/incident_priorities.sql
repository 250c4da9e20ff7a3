-- Incidents by the priority of their last update.
WITH last_update AS (
  SELECT arg_max(priority, sys_mod_count::INTEGER) AS priority,
         arg_max(made_sla, sys_mod_count::INTEGER) AS made_sla,
         arg_max(resolved_at, sys_mod_count::INTEGER) AS resolved_at,
         arg_max(opened_at, sys_mod_count::INTEGER) AS opened_at
  FROM incident_events
  GROUP BY number
)
SELECT priority,
       count(*) AS incidents,
       avg((made_sla = 'true')::INTEGER) AS sla_met_rate,
       median(epoch(strptime(nullif(resolved_at, '?'), '%d/%m/%Y %H:%M') - strptime(opened_at, '%d/%m/%Y %H:%M')) / 3600)
         AS hours_to_resolve_median
FROM last_update
GROUP BY priority
ORDER BY priority
