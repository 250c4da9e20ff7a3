-- By department of the post that was held at the end of the month; posts meet without a gap or overlap.
WITH posts AS (
  SELECT *, coalesce(lead(StartDate) OVER (PARTITION BY BirthDate, Gender, HireDate ORDER BY StartDate),
         DATE '2999-01-01') AS over_on FROM employees
)
SELECT month AS period_start,
       CASE WHEN grouping(DepartmentName) = 0 THEN 'department=' || DepartmentName
            WHEN grouping(SalariedFlag) = 0 THEN 'kind_of_pay=' || CASE SalariedFlag WHEN '1' THEN 'salaried'
            ELSE 'hourly' END
            ELSE 'all' END AS segment,
       count(*) AS value
FROM months JOIN posts ON StartDate <= last_day(month) AND over_on > last_day(month)
GROUP BY GROUPING SETS ((month), (month, DepartmentName), (month, SalariedFlag))
