SELECT date_trunc('week', date)::DATE AS period_start, 'all' AS segment, 1000 * sum(IssuesRaised) / sum(Calls) AS value
       FROM call_center GROUP BY ALL
