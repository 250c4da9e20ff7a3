-- Of the updates of a month, the share that concerns incidents that were reopened at some time.
WITH updates AS (
  SELECT date_trunc('month', strptime(sys_updated_at, '%d/%m/%Y %H:%M'))::DATE AS month,
         max(reopen_count::INTEGER) OVER (PARTITION BY number) > 0 AS is_reopened
  FROM incident_events
)
SELECT month AS period_start, count(*) FILTER (is_reopened) / count(*) AS reopened_update_share
FROM updates
GROUP BY month
ORDER BY month
