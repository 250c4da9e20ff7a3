SELECT date_trunc('week', date)::DATE AS period_start, coalesce('shift=' || Shift, 'all') AS segment,
       sum(Orders) / sum(Calls) AS value
FROM call_center GROUP BY GROUPING SETS ((1), (1, Shift))
