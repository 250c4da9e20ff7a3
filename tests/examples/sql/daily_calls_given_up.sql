SELECT date AS period_start, coalesce('shift=' || Shift, 'all') AS segment,
       sum(Calls * ServiceGrade) / sum(Calls) AS value
FROM call_center GROUP BY GROUPING SETS ((date), (date, Shift))
