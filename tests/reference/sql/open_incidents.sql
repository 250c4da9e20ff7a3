-- Incidents open at the end of a month: opened by then, and by their last update not resolved, or else closed, yet.
WITH last_update AS (
  SELECT strptime(arg_max(opened_at, (sys_mod_count::INTEGER, strptime(sys_updated_at, '%d/%m/%Y %H:%M'))), '%d/%m/%Y %H:%M') AS opened_at,
         coalesce(
           try_strptime(arg_max(resolved_at, (sys_mod_count::INTEGER, strptime(sys_updated_at, '%d/%m/%Y %H:%M'))), '%d/%m/%Y %H:%M'),
           try_strptime(arg_max(closed_at, (sys_mod_count::INTEGER, strptime(sys_updated_at, '%d/%m/%Y %H:%M'))), '%d/%m/%Y %H:%M')
         ) AS settled_at
  FROM incident_events
  GROUP BY number
), newest AS (
  SELECT max(strptime(sys_updated_at, '%d/%m/%Y %H:%M'))::DATE AS day FROM incident_events
), months AS (
  SELECT month::DATE AS month, least(month + INTERVAL 1 MONTH, newest.day + INTERVAL 1 DAY) AS ends
  FROM newest, (SELECT unnest(generate_series(date_trunc('month', min(opened_at)), (SELECT day FROM newest), INTERVAL 1 MONTH)) AS month
                FROM last_update)
)
SELECT month AS period_start,
       count(opened_at) FILTER (settled_at IS NULL OR settled_at >= ends) AS open_incidents
FROM months LEFT JOIN last_update ON opened_at < ends
GROUP BY month
ORDER BY month
