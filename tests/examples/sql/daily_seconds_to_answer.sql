SELECT date AS period_start, coalesce('shift=' || Shift, 'all') AS segment,
       sum(Calls * AverageTimePerIssue) / sum(Calls) AS value
FROM call_center GROUP BY GROUPING SETS ((date), (date, Shift))
