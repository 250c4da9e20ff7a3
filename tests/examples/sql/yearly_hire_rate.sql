WITH hired AS (SELECT fiscal_year(HireDate) AS year, count(*) AS hires FROM people GROUP BY ALL)
SELECT year AS period_start, 'all' AS segment, coalesce(any_value(hires), 0) / avg(heads) AS value
FROM fiscal_years LEFT JOIN hired USING (year) GROUP BY ALL
