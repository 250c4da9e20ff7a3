-- Incidents by the calendar month they were opened in.
WITH last_update AS (
  SELECT arg_max(opened_at, sys_mod_count::INTEGER) AS opened_at,
         arg_max(made_sla, sys_mod_count::INTEGER) AS made_sla
  FROM incident_events
  GROUP BY number
)
SELECT date_trunc('month', strptime(opened_at, '%d/%m/%Y %H:%M'))::DATE AS period_start,
       count(*) AS incidents,
       avg((made_sla = 'true')::INTEGER) AS sla_met_rate
FROM last_update
GROUP BY 1
ORDER BY 1
