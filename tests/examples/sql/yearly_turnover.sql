-- All 290 hold a post today, so nobody has left.
SELECT year AS period_start, 'all' AS segment, (SELECT count(*) FROM people WHERE posts_today = 0) / avg(heads) AS value
FROM fiscal_years WHERE year >= DATE '2008-07-01' GROUP BY ALL
