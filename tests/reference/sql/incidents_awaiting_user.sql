-- Incidents whose latest update by the end of a month says that the user has to answer.
WITH updates AS (
  SELECT number, sys_mod_count::INTEGER AS place, incident_state AS state,
         strptime(sys_updated_at, '%d/%m/%Y %H:%M') AS updated_at
  FROM incident_events
), months AS (
  SELECT unnest(generate_series(DATE '2016-02-01', (SELECT date_trunc('month', max(updated_at)) FROM updates), INTERVAL 1 MONTH))::DATE AS month
), last_known AS (
  SELECT month, number, arg_max(state, (updated_at, place)) AS state
  FROM months JOIN updates ON updated_at < month + INTERVAL 1 MONTH
  GROUP BY ALL
)
SELECT month AS period_start, count(*) FILTER (state = 'Awaiting User Info') AS incidents_awaiting_user
FROM last_known
GROUP BY month
ORDER BY month
