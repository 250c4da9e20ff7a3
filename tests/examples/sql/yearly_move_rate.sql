WITH moved AS (
  SELECT fiscal_year(StartDate) AS year, count(*) AS moves FROM employees WHERE StartDate <> HireDate GROUP BY ALL
)
SELECT year AS period_start, 'all' AS segment, coalesce(any_value(moves), 0) / avg(heads) AS value
FROM fiscal_years LEFT JOIN moved USING (year) GROUP BY ALL
