-- Incidents by the month they were opened in: the share resolved less than three days later, by their last update.
WITH last_update AS (
  SELECT strptime(arg_max(opened_at, (sys_mod_count::INTEGER, strptime(sys_updated_at, '%d/%m/%Y %H:%M'))), '%d/%m/%Y %H:%M') AS opened_at,
         try_strptime(arg_max(resolved_at, (sys_mod_count::INTEGER, strptime(sys_updated_at, '%d/%m/%Y %H:%M'))), '%d/%m/%Y %H:%M') AS resolved_at
  FROM incident_events
  GROUP BY number
)
SELECT date_trunc('month', opened_at)::DATE AS period_start,
       count(*) FILTER (resolved_at >= opened_at AND resolved_at < opened_at + INTERVAL 3 DAY) / count(*)
         AS resolved_within_3_days
FROM last_update
GROUP BY 1
ORDER BY 1
